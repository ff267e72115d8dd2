/** `devices`: where a device is, how often it is read, and what is watched. */
import { z } from "zod";
import { name } from "../plain-keys.ts";
import { durationBetween, HOUR_MS } from "../units.ts";
import { stale } from "./stale.ts";
import { tag } from "./tag.ts";

const detect = z.strictObject({
  auto: z
    .boolean()
    .default(true)
    .describe("Finds spikes, shifts, drifts, stuck and silent tags without tuning."),
  method: z
    .enum(["records", "median"])
    .default("records")
    .describe("`records`: new extremes and the hour of the day. `median`: distance to the median."),
  sensitivity: z
    .enum(["low", "medium", "high"])
    .default("medium")
    .describe("How soon something counts as unusual: `high` for history, `low` for quiet nights."),
  group: z
    .array(z.string().min(1))
    .min(2)
    .max(64)
    .optional()
    .describe(
      "Tags that belong together, such as current, flow and vibration: how they are in their first " +
        "1000 readings while the machine runs is taken for sound.",
    ),
  direction: z
    .enum(["both", "up", "down"])
    .default("both")
    .describe("Which way a value must be unusual to be told of: `up` for spikes, `down` for dips."),
  stale: stale
    .optional()
    .describe(
      "How long a tag may give no good reading before an alarm: `30s`, or `off`. If left out, it " +
        "is learnt from its own rhythm, and the alarm is low.",
    ),
  while: z
    .string()
    .min(1)
    .optional()
    .describe(
      "A tag of the device that says whether it runs (true, or not 0). Else nothing is learnt, " +
        "nor called unusual; limits hold all the same.",
    ),
});

export const device = z.strictObject({
  bus: name.optional().describe("The bus that the device is on. Without one it publishes by MQTT."),
  unit: z.int().min(0).max(255).default(1).describe("Its Modbus unit id."),
  every: durationBetween(10, 24 * HOUR_MS)
    .prefault("1s")
    .describe("How often it is read."),
  template: name
    .optional()
    .describe("Takes its tags from this device template; what `tags` says is laid over them."),
  leaveOut: z
    .array(z.string())
    .max(1000)
    .optional()
    .describe("Tags of the template that are not wanted."),
  addressBase: z
    .literal([0, 1])
    .default(1)
    .describe("What its manual calls the first register and coil: 40001 and 1, or 40000 and 0."),
  timeout: durationBetween(10, 60_000)
    .optional()
    .describe("Its own time-out, where it is slower than others on its bus."),
  retries: z
    .int()
    .min(0)
    .max(5)
    .default(1)
    .describe("How often a request without an answer, or with a broken one, is made again."),
  pause: durationBetween(0, 10_000)
    .optional()
    .describe("Rest behind its answers, where it needs more than others on its bus."),
  maxRegisters: z
    .int()
    .min(1)
    .max(125)
    .default(125)
    .describe("The most registers that it gives in one answer."),
  priority: z
    .enum(["high", "normal", "low"])
    .default("normal")
    .describe("Who goes first on a bus that is late; the others wait, but never for good."),
  line: z.string().max(64).optional().describe("Production line: a dimension of its series."),
  tags: z.record(name, tag).default({}).describe("What is read from it, by names of yours."),
  detect: detect.prefault({}).describe("What is watched for."),
});

export type DeviceSettings = z.infer<typeof device>;
