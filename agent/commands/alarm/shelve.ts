/** `alarm shelve`: keeps alarms quiet for a while. */
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { CONFIG_OPTION } from "../config-file.ts";
import { act, durationIn, NOTE_OPTION, WHICH } from "./asking.ts";

export const alarmShelveCommand = declareCommand({
  name: "alarm shelve",
  operands: WHICH,
  operandCount: [1, 100],
  summary: "keeps alarms quiet for a while; what stands then is told again",
  options: {
    ...CONFIG_OPTION,
    ...JSON_OPTION,
    ...NOTE_OPTION,
    for: { type: "string", means: "how long, such as 2h", value: "DURATION" },
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
