/** `maintenance begin`, `end` and `ls`: somebody works on devices, and their alarms wake nobody. */
import { FOR_OPTION } from "#config/command-line/alarm-options.ts";
import { maintenanceTable } from "#config/command-line/alarm-tables.ts";
import { declareCommand, JSON_OPTION, Misuse } from "#config/command-line/command.ts";
import { durationIn } from "#config/command-line/duration-option.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { systemClock } from "#core/clock.ts";
import { askDesk } from "../alarms/ask-desk.ts";
import { CONFIG_OPTION, configFileOf } from "./config-file.ts";
import { WHOM_OPTIONS, whoOf, withAlarms } from "./open-alarms.ts";

export const maintenanceBeginCommand = declareCommand({
  name: "maintenance begin",
  operands: "GATEWAY/DEVICE…",
  operandCount: [1, 100],
  summary: "somebody works on these devices: their alarms are listed, and nobody is told",
  description:
    "What still stands when the time is over is told then. Prints the id by which it ends.",
  options: {
    ...CONFIG_OPTION,
    ...JSON_OPTION,
    ...FOR_OPTION,
    reason: { type: "string", value: "TEXT", means: "why, for whoever reads the journal" },
    by: WHOM_OPTIONS.by,
  },
  examples: [
    {
      line: "penstock-cloud maintenance begin --config sink.yaml 'hall-3/oven-*' --for 2h --reason 'new burners'",
      does: "two hours",
    },
  ],
  run: async ({ values, operands, io }) => {
    if (values.reason === undefined) throw new Misuse("--reason is needed: others will read it");
    const at = systemClock.now();
    const until = at + durationIn(values.for, "for");
    const whom = { by: whoOf(values.by, io), note: values.reason, at };
    const window = { id: `m-${at.toString(36)}`, devices: [...operands], from: at, until, ...whom };
    await withAlarms(configFileOf(values.config, io.env), async (access) =>
      askDesk(access, { kind: "begin-maintenance", window }, systemClock),
    );
    io.stdout.write(`${values.json ? JSON.stringify(window) : window.id}\n`);
    return EXIT.fine;
  },
});

export const maintenanceEndCommand = declareCommand({
  name: "maintenance end",
  operands: "ID",
  operandCount: [1, 1],
  summary: "the work is done: what still stands is told",
  options: { ...CONFIG_OPTION, ...JSON_OPTION, ...WHOM_OPTIONS },
  examples: [
    {
      line: "penstock-cloud maintenance end --config sink.yaml m-mfz1k2p3",
      does: "as `maintenance ls` shows it",
    },
  ],
  run: async ({ values, operands: [id = ""], io }) => {
    const whom = { by: whoOf(values.by, io), note: values.note };
    await withAlarms(configFileOf(values.config, io.env), async (access) =>
      askDesk(access, { kind: "end-maintenance", id, ...whom }, systemClock),
    );
    io.stdout.write(`${values.json ? JSON.stringify({ id }) : `${id} has ended.`}\n`);
    return EXIT.fine;
  },
});

export const maintenanceListCommand = declareCommand({
  name: "maintenance ls",
  summary: "where somebody works now, and until when",
  options: { ...CONFIG_OPTION, ...JSON_OPTION },
  examples: [{ line: "penstock-cloud maintenance ls --config sink.yaml", does: "with their ids" }],
  run: async ({ values, io }) => {
    const windows = await withAlarms(configFileOf(values.config, io.env), async (access) =>
      access.maintenance(),
    );
    if (values.json) io.stdout.write(`${JSON.stringify(windows)}\n`);
    else if (windows.length === 0) io.stdout.write("No maintenance.\n");
    else io.stdout.write(`${maintenanceTable(windows)}\n`);
    return EXIT.fine;
  },
});
