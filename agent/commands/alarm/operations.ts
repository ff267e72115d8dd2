/** `alarm ack` and what else is done to alarms by naming them. */
import type { AlarmAction } from "#agent/alarms/contract.ts";
import { NOTE_OPTION } from "#config/command-line/alarm-options.ts";
import { type Command, declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { CONFIG_OPTION } from "../config-file.ts";
import { act, WHICH } from "./asking.ts";

interface Operation {
  name: string;
  kind: AlarmAction["kind"];
  summary: string;
  examples: readonly { line: string; does: string }[];
}

function operationCommand({ name, kind, summary, examples }: Operation): Command {
  return declareCommand({
    name,
    operands: WHICH,
    operandCount: [1, 100],
    summary,
    options: { ...CONFIG_OPTION, ...JSON_OPTION, ...NOTE_OPTION },
    examples,
    run: ({ values, operands, io }) => act(kind, operands, values, io),
  });
}

export const alarmAcknowledgeCommand = operationCommand({
  name: "alarm ack",
  kind: "acknowledge",
  summary: "says that somebody is on it: reminders end, and others are told",
  examples: [
    {
      line: "penstock alarm ack oven-2/temperature --note 'burner is off'",
      does: "a tag's alarms",
    },
    { line: "penstock alarm ack 'meter-*'", does: "those of many devices" },
    { line: "penstock alarm ack group-3f9a1c20d4e7", does: "those that one notice told of" },
  ],
});

export const alarmResetCommand = operationCommand({
  name: "alarm reset",
  kind: "reset",
  summary: "takes latched alarms off the list, once they are over and acknowledged",
  examples: [{ line: "penstock alarm reset oven-2/level/limit-ll", does: "one that latches" }],
});

export const alarmUnshelveCommand = operationCommand({
  name: "alarm unshelve",
  kind: "unshelve",
  summary: "ends shelving ahead of its time",
  examples: [{ line: "penstock alarm unshelve oven-2", does: "all of a device" }],
});

export const alarmOutOfServiceCommand = operationCommand({
  name: "alarm out-of-service",
  kind: "out-of-service",
  summary: "keeps alarms quiet until they are put in service again",
  examples: [
    {
      line: "penstock alarm out-of-service oven-2/level --note 'sensor ordered'",
      does: "those of a broken sensor",
    },
  ],
});

export const alarmInServiceCommand = operationCommand({
  name: "alarm in-service",
  kind: "in-service",
  summary: "ends out of service",
  examples: [{ line: "penstock alarm in-service oven-2/level", does: "the new sensor works" }],
});
