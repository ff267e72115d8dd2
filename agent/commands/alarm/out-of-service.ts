/** `alarm out-of-service`: keeps alarms quiet until they are put in service again. */
import { declareCommand, JSON_OPTION } from "#config/command.ts";
import { CONFIG_OPTION } from "../config-file.ts";
import { act, NOTE_OPTION, WHICH } from "./asking.ts";

export const alarmOutOfServiceCommand = declareCommand({
  name: "alarm out-of-service",
  operands: WHICH,
  operandCount: [1, 100],
  summary: "keeps alarms quiet until they are put in service again",
  options: { ...CONFIG_OPTION, ...JSON_OPTION, ...NOTE_OPTION },
  examples: [
    {
      line: "penstock alarm out-of-service oven-2/level --note 'sensor ordered'",
      does: "a broken sensor's",
    },
  ],
  run: ({ values, operands, io }) => act("out-of-service", operands, values, io),
});
