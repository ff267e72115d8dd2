/** `alarm in-service`: ends out of service. */
import { declareCommand, JSON_OPTION } from "#config/command.ts";
import { CONFIG_OPTION } from "../config-file.ts";
import { act, NOTE_OPTION, WHICH } from "./asking.ts";

export const alarmInServiceCommand = declareCommand({
  name: "alarm in-service",
  operands: WHICH,
  operandCount: [1, 100],
  summary: "ends out of service",
  options: { ...CONFIG_OPTION, ...JSON_OPTION, ...NOTE_OPTION },
  examples: [{ line: "penstock alarm in-service oven-2/level", does: "the new sensor works" }],
  run: ({ values, operands, io }) => act("in-service", operands, values, io),
});
