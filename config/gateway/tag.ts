/** `tags`: what is read from a device, how it is decoded, and what is expected of it. */
import { z } from "zod";
import { changeRate, durationBetween, HOUR_MS } from "../units.ts";
import { stale } from "./stale.ts";

const wordOrder = z.enum(["ABCD", "CDAB", "BADC", "DCBA"]);

export type WordOrder = z.infer<typeof wordOrder>;

const delay = durationBetween(0, 24 * HOUR_MS).optional();

const limits = z.strictObject({
  hh: z.number().optional().describe("Critically high."),
  h: z.number().optional().describe("High."),
  l: z.number().optional().describe("Low."),
  ll: z.number().optional().describe("Critically low."),
  deadband: z
    .number()
    .min(0)
    .default(0)
    .describe("How far a value must come back from its limit before the alarm clears."),
  rate: changeRate
    .optional()
    .describe("How fast it may change: `0.5` (of its unit, a second), `30/min`, `100/h`."),
  onDelay: delay.describe("A limit must be passed for so long before its alarm is raised."),
  offDelay: delay.describe("The value must be back for so long before the alarm clears."),
});

const filter = z.strictObject({
  median: z
    .int()
    .min(2)
    .max(101)
    .optional()
    .describe("The median of so many values in place of each: takes single spikes out."),
  mean: z
    .int()
    .min(2)
    .max(1000)
    .optional()
    .describe("The mean of so many values (behind the median) in place of each: calms noise."),
  minInterval: durationBetween(10, 24 * HOUR_MS)
    .optional()
    .describe("No more than one reading is stored in this time."),
});

const bit = z.int().min(0).max(65_536).optional();

export const tag = z.strictObject({
  register: z
    .int()
    .optional()
    .describe("`40001` notation, five or six digits: 4xxxx holding, 3xxxx input registers."),
  coil: bit.describe("Number of a coil, from 1 (or from 0, by the device's `addressBase`)."),
  discrete: bit.describe("Number of a discrete input, from 1 or 0 likewise."),
  type: z
    .enum([
      "int16",
      "uint16",
      "int32",
      "uint32",
      "float32",
      "int64",
      "uint64",
      "float64",
      "bcd16",
      "bcd32",
      "string",
    ])
    .default("uint16")
    .describe("What the register, or the registers from it on, hold."),
  length: z
    .int()
    .min(1)
    .max(125)
    .default(8)
    .describe("Registers of a `string`, two characters each."),
  bit: z
    .int()
    .min(0)
    .max(31)
    .optional()
    .describe("One bit of the register, 0 the least significant: the value is true or false."),
  bits: z
    .tuple([z.int().min(0).max(31), z.int().min(0).max(31)])
    .optional()
    .describe("A field of the register, from its lowest bit to its highest, as a number."),
  invalid: z
    .array(z.number())
    .max(16)
    .default([])
    .describe("Raw values by which the device says that it has none, such as 0x7FFF."),
  values: z
    .record(z.string().regex(/^-?\d+$/, { error: "a raw value, such as 3" }), z.string().max(64))
    .optional()
    .describe("Names of raw values, such as { 0: stopped, 1: running }."),
  scaleRegister: z
    .int()
    .optional()
    .describe("Register that holds the power of ten to scale by, as SunSpec devices have."),
  counter: z
    .boolean()
    .default(false)
    .describe("It only ever counts up: where it falls, the reading is flagged."),
  deadband: z
    .union([z.number().min(0), z.string().regex(/^\d+(?:\.\d+)?%$/)], {
      error: "a number in the tag's unit, such as 0.2, or a share, such as 1%",
    })
    .optional()
    .describe("A value this near to the last one that was kept is left out; in the unit, or `1%`."),
  maxSilence: durationBetween(1000, 24 * HOUR_MS)
    .prefault("1m")
    .describe("With a deadband: a value is kept after this long, however little it changed."),
  range: z
    .tuple([z.number(), z.number()])
    .optional()
    .describe("What is plausible: a value outside is kept, and bad."),
  maxRate: z
    .number()
    .positive()
    .optional()
    .describe("What it can change by in a second: a reading beyond is kept, and uncertain."),
  filter: filter.optional().describe("For a noisy signal, or one that comes too often."),
  order: wordOrder
    .default("ABCD")
    .describe(
      "Order of the bytes; `CDAB` swaps the two registers. Try the others if it is absurd.",
    ),
  scale: z.number().default(1).describe("The value is the raw one times this …"),
  offset: z.number().default(0).describe("… plus this."),
  every: durationBetween(10, 24 * HOUR_MS)
    .optional()
    .describe("How often it is read, where that is not as often as its device."),
  writable: z
    .boolean()
    .default(false)
    .describe("Whether `penstock write` may write it: a coil, or a holding register of a number."),
  unit: z.string().max(32).optional().describe("Unit of measurement, as people shall read it."),
  limits: limits.optional().describe("Alarm limits."),
  stale: stale
    .optional()
    .describe("How long without a good reading is too long, or `off`; goes before `detect.stale`."),
});

export type TagSettings = z.infer<typeof tag>;
