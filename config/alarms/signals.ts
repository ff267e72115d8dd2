/** Lamps, horns and displays on a Modbus bus: ways to people that only a gateway has. */
import { z } from "zod";
import { registerAddress } from "../gateway/modbus-address.ts";
import { name } from "../plain-keys.ts";
import { durationBetween } from "../units.ts";

/** The agent writes it, so it is no input register. */
const holdingRegister = z.int().refine((number) => registerAddress(number)?.table === "holding", {
  error: "expected a holding register, such as 40001",
});

const place = {
  bus: name.describe("A Modbus bus of this file."),
  unit: z.int().min(0).max(255).default(1).describe("Unit id of the device."),
};

const manner = {
  until: z
    .enum(["cleared", "acknowledged"])
    .default("cleared")
    .describe("`cleared`, for a lamp; `acknowledged`, for a horn: somebody's answer ends it."),
  heartbeat: z
    .strictObject({
      register: holdingRegister.describe("Holding register that counts up, 0 to 65535."),
      every: durationBetween(200, 60_000).prefault("2s").describe("How often it is written."),
    })
    .optional()
    .describe("For a watchdog in the PLC: where the count stands still, this agent is dead."),
};

export const coilSignal = z.strictObject({
  ...place,
  coil: z.int().min(1).max(65_536).describe("The coil, counted from 1."),
  inverted: z
    .boolean()
    .default(false)
    .describe("On while all is well, so that a broken wire looks like an alarm."),
  ...manner,
});

export const registerSignal = z.strictObject({
  ...place,
  register: holdingRegister.describe("The holding register, such as 40001."),
  shows: z
    .enum(["state", "priority", "count"])
    .default("state")
    .describe("1 or 0; the highest priority, 1 (`low`) to 4 (`critical`); how many alarms."),
  ...manner,
});
