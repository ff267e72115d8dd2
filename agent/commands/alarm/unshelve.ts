/** `alarm unshelve`: ends shelving ahead of its time. */
import { declareCommand, JSON_OPTION } from "#config/command.ts";
import { CONFIG_OPTION } from "../config-file.ts";
import { act, NOTE_OPTION, WHICH } from "./asking.ts";

export const alarmUnshelveCommand = declareCommand({
  name: "alarm unshelve",
  operands: WHICH,
  operandCount: [1, 100],
  summary: "ends shelving ahead of its time",
  options: { ...CONFIG_OPTION, ...JSON_OPTION, ...NOTE_OPTION },
  examples: [{ line: "penstock alarm unshelve oven-2", does: "all of a device" }],
  run: ({ values, operands, io }) => act("unshelve", operands, values, io),
});
