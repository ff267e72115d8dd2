/** `alarm shelve`: keeps alarms quiet for a while. */
import { FOR_OPTION, NOTE_OPTION } from "#config/command-line/alarm-options.ts";
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { durationIn } from "#config/command-line/duration-option.ts";
import { CONFIG_OPTION } from "../config-file.ts";
import { act, WHICH } from "./asking.ts";

export const alarmShelveCommand = declareCommand({
  name: "alarm shelve",
  operands: WHICH,
  operandCount: [1, 100],
  summary: "keeps alarms quiet for a while; what stands then is told again",
  options: {
    ...CONFIG_OPTION,
    ...JSON_OPTION,
    ...NOTE_OPTION,
    ...FOR_OPTION,
  },
  examples: [
    {
      line: "penstock alarm shelve oven-2 --for 2h --note 'known, part ordered'",
      does: "a device",
    },
  ],
  run: ({ values, operands, io }) =>
    act("shelve", operands, values, io, durationIn(values.for, "for")),
});
