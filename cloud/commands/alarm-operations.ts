/** `alarm ack`, `shelve` and so on: the sink that keeps the alarms does it, and answers. */
import { FOR_OPTION } from "#config/command-line/alarm-options.ts";
import { alarmTable } from "#config/command-line/alarm-tables.ts";
import {
  type Command,
  type CommandIo,
  declareCommand,
  JSON_OPTION,
} from "#config/command-line/command.ts";
import { durationIn } from "#config/command-line/duration-option.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { nearest } from "#config/faults/nearest.ts";
import { isNormal } from "#core/alarms/alarm-machine.ts";
import type { AlarmOperation } from "#core/alarms/contract.ts";
import { isPossible } from "#core/alarms/operations.ts";
import { selectAlarms } from "#core/alarms/selection.ts";
import { systemClock } from "#core/clock.ts";
import { askDesk } from "../alarms/ask-desk.ts";
import type { AlarmAccess } from "../store/desk-contract.ts";
import { CONFIG_OPTION, configFileOf } from "./config-file.ts";
import { WHOM_OPTIONS, whoOf, withAlarms } from "./open-alarms.ts";

type Kind = "acknowledge" | "reset" | "unshelve" | "out-of-service" | "in-service" | "shelve";

const WHICH = { operands: "GATEWAY/DEVICE[/TAG[/RULE]]…", operandCount: [1, 100] } as const;
const DESCRIPTION = `Names may be patterns, as 'hall-3/oven-*', or the id of a notice that told of several, as
group-3f9a1c20d4e7. All of it is done, or nothing.`;

export const alarmAcknowledgeCommand = command({
  name: "alarm ack",
  kind: "acknowledge",
  summary: "says that somebody is on it: reminders end, and others are told",
  example: "hall-3/oven-2/temperature --note 'burner is off'",
  does: "one tag's alarms",
});
export const alarmResetCommand = command({
  name: "alarm reset",
  kind: "reset",
  summary: "takes latched alarms off the list, once they are over and acknowledged",
  example: "hall-3/oven-2/level/limit-ll",
  does: "one that latches",
});
export const alarmUnshelveCommand = command({
  name: "alarm unshelve",
  kind: "unshelve",
  summary: "ends shelving ahead of its time",
  example: "hall-3/oven-2",
  does: "a device's alarms",
});
export const alarmOutOfServiceCommand = command({
  name: "alarm out-of-service",
  kind: "out-of-service",
  summary: "keeps alarms quiet until they are put in service again",
  example: "hall-3/oven-2/level --note 'sensor ordered'",
  does: "a broken sensor's",
});
export const alarmInServiceCommand = command({
  name: "alarm in-service",
  kind: "in-service",
  summary: "ends out of service",
  example: "hall-3/oven-2/level",
  does: "the new sensor works",
});

export const alarmShelveCommand = declareCommand({
  name: "alarm shelve",
  ...WHICH,
  summary: "keeps alarms quiet for a while; what stands then is told again",
  description: DESCRIPTION,
  options: {
    ...CONFIG_OPTION,
    ...JSON_OPTION,
    ...FOR_OPTION,
    ...WHOM_OPTIONS,
  },
  examples: [
    {
      line: "penstock-cloud alarm shelve --config sink.yaml hall-3/oven-2 --for 2h --note 'door open'",
      does: "it stays on the list, and nobody is told",
    },
  ],
  run: async ({ values, operands, io }) => {
    const until = systemClock.now() + durationIn(values.for, "for");
    return await act("shelve", operands, values, io, (keys, whom) => {
      return { kind: "shelve", keys, until, ...whom };
    });
  },
});

interface Declared {
  name: string;
  kind: Exclude<Kind, "shelve">;
  summary: string;
  example: string;
  does: string;
}

function command({ name, kind, summary, example, does }: Declared): Command {
  return declareCommand({
    name,
    ...WHICH,
    summary,
    description: DESCRIPTION,
    options: { ...CONFIG_OPTION, ...JSON_OPTION, ...WHOM_OPTIONS },
    examples: [{ line: `penstock-cloud ${name} --config sink.yaml ${example}`, does }],
    run: ({ values, operands, io }) =>
      act(kind, operands, values, io, (keys, whom) => ({ kind, keys, ...whom })),
  });
}

interface Asked {
  config?: string | undefined;
  json: boolean;
  note: string;
  by?: string | undefined;
}

type Making = (keys: string[], whom: { by: string; note: string }) => AlarmOperation;

/** Has it done, and shows the alarms as they stand then. */
async function act(
  kind: Kind,
  selectors: readonly string[],
  { config, json, note, by }: Asked,
  io: CommandIo,
  make: Making,
): Promise<number> {
  const whom = { by: whoOf(by, io), note };
  const states = await withAlarms(configFileOf(config, io.env), async (access) => {
    const keys = await selected(access, kind, selectors);
    await askDesk(access, make(keys, whom), systemClock);
    const after = await access.states();
    return after.filter((state) => keys.includes(state.key) && !isNormal(state));
  });
  if (json) io.stdout.write(`${JSON.stringify(states)}\n`);
  else if (states.length === 0) io.stdout.write("Done; nothing of it is left on the list.\n");
  else io.stdout.write(`${alarmTable(states)}\n`);
  return EXIT.fine;
}

/** Of what fits, those to which it can be done; all where it can be done to none, for the reason. */
async function selected(
  access: AlarmAccess,
  kind: Kind,
  selectors: readonly string[],
): Promise<string[]> {
  const states = (await access.states()).filter((state) => !isNormal(state));
  const fitting = selectAlarms(states, selectors, nearest);
  const possible = fitting.filter((state) => isPossible(kind, state));
  return (possible.length > 0 ? possible : fitting).map(({ key }) => key);
}
