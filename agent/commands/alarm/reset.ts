/** `alarm reset`: takes latched alarms off the list, once they are over and acknowledged. */
import { declareCommand, JSON_OPTION } from "#config/command.ts";
import { CONFIG_OPTION } from "../config-file.ts";
import { act, NOTE_OPTION, WHICH } from "./asking.ts";

export const alarmResetCommand = declareCommand({
  name: "alarm reset",
  operands: WHICH,
  operandCount: [1, 100],
  summary: "takes latched alarms off the list, once they are over and acknowledged",
  options: { ...CONFIG_OPTION, ...JSON_OPTION, ...NOTE_OPTION },
  examples: [{ line: "penstock alarm reset oven-2/level/limit-ll", does: "one that latches" }],
  run: ({ values, operands, io }) => act("reset", operands, values, io),
});
