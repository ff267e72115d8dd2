/** `alarm ack`, `shelve` and so on: the sink that keeps the alarms does it, and answers. */
import { type Command, declareCommand, Misuse, type Output } from "#config/command.ts";
import { EXIT } from "#config/exit.ts";
import { duration } from "#config/units.ts";
import type { AlarmOperation } from "#core/alarms/contract.ts";
import { systemClock } from "#core/clock.ts";
import { askDesk } from "../alarms/ask-desk.ts";
import { CONFIG_OPTION, WHOM_OPTIONS, whoOf, withAlarms } from "./open-alarms.ts";

const KEYS_MAX = 1000;

type SimpleKind = "acknowledge" | "reset" | "unshelve" | "out-of-service" | "in-service";

interface SimpleOperation {
  name: string;
  kind: SimpleKind;
  summary: string;
  does: string;
}

const SIMPLE: readonly SimpleOperation[] = [
  {
    name: "alarm ack",
    kind: "acknowledge",
    summary: "acknowledges alarms: somebody has seen them, and takes care",
    does: "nobody is told of it again until it comes back",
  },
  {
    name: "alarm reset",
    kind: "reset",
    summary: "takes alarms that latch off the list, once they are over",
    does: "it leaves the list",
  },
  {
    name: "alarm unshelve",
    kind: "unshelve",
    summary: "lets people be told again of alarms that were shelved",
    does: "before its time is over",
  },
  {
    name: "alarm disable",
    kind: "out-of-service",
    summary: "takes alarms out of service until somebody enables them: nobody is told",
    does: "its sensor is being replaced",
  },
  {
    name: "alarm enable",
    kind: "in-service",
    summary: "puts alarms in service again",
    does: "people are told of it again",
  },
];

const KEYS = { operands: "KEY...", operandCount: [1, KEYS_MAX] } as const;
const EXAMPLE_KEY = "hall-3/oven-2/temperature/limit-hh";

export const alarmAckCommand = simpleCommand("acknowledge");
export const alarmResetCommand = simpleCommand("reset");
export const alarmUnshelveCommand = simpleCommand("unshelve");
export const alarmDisableCommand = simpleCommand("out-of-service");
export const alarmEnableCommand = simpleCommand("in-service");

export const alarmShelveCommand = declareCommand({
  name: "alarm shelve",
  ...KEYS,
  summary: "holds back the notices of alarms for a while",
  options: {
    ...CONFIG_OPTION,
    for: { type: "string", value: "TIME", default: "1h", means: "how long" },
    ...WHOM_OPTIONS,
  },
  examples: [
    {
      line: `penstock-cloud alarm shelve --config sink.yaml ${EXAMPLE_KEY} --for 2h --note "door open"`,
      does: "it stays on the list, and nobody is told",
    },
  ],
  run: async ({ values, operands: keys, io }) => {
    const forMs = duration.safeParse(values.for);
    if (!forMs.success) throw new Misuse(`--for takes a duration such as 2h, not "${values.for}"`);
    const whom = { by: whoOf(values.by), note: values.note };
    const until = systemClock.now() + forMs.data;
    return operate(values.config, { kind: "shelve", keys, until, ...whom }, io.stderr);
  },
});

function simpleCommand(wanted: SimpleKind): Command {
  const found = SIMPLE.find(({ kind }) => kind === wanted);
  if (!found) throw new TypeError(`no command for ${wanted}`);
  const { name, kind, summary, does } = found;
  return declareCommand({
    name,
    ...KEYS,
    summary,
    description: "All of them, or none where one cannot be: the message says why.",
    options: { ...CONFIG_OPTION, ...WHOM_OPTIONS },
    examples: [
      { line: `penstock-cloud ${name} --config sink.yaml ${EXAMPLE_KEY} --note "seen"`, does },
    ],
    run: async ({ values, operands: keys, io }) => {
      const whom = { by: whoOf(values.by), note: values.note };
      return operate(values.config, { kind, keys, ...whom }, io.stderr);
    },
  });
}

async function operate(
  file: string | undefined,
  operation: AlarmOperation,
  stderr: Output,
): Promise<number> {
  const refusal = await withAlarms(file, async (access) => askDesk(access, operation, systemClock));
  if (!refusal) return EXIT.fine;
  stderr.write(`${refusal.code}: ${refusal.error}\n`);
  return EXIT.failed;
}
