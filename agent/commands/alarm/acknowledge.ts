/** `alarm ack`: says that somebody is on it: reminders end, and others are told. */
import { declareCommand, JSON_OPTION } from "#config/command.ts";
import { CONFIG_OPTION } from "../config-file.ts";
import { act, NOTE_OPTION, WHICH } from "./asking.ts";

export const alarmAcknowledgeCommand = declareCommand({
  name: "alarm ack",
  operands: WHICH,
  operandCount: [1, 100],
  summary: "says that somebody is on it: reminders end, and others are told",
  options: { ...CONFIG_OPTION, ...JSON_OPTION, ...NOTE_OPTION },
  examples: [
    {
      line: "penstock alarm ack oven-2/temperature --note 'burner is off'",
      does: "one tag's alarms",
    },
    { line: "penstock alarm ack 'meter-*'", does: "those of many devices" },
  ],
  run: ({ values, operands, io }) => act("acknowledge", operands, values, io),
});
