/** `alarm ls` and `alarm journal`: how the alarms stand, and what happened to them. */
import { alarmTable, journalTable } from "#config/command-line/alarm-tables.ts";
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { wholeIn } from "#config/command-line/number-option.ts";
import { isNormal } from "#core/alarms/alarm-machine.ts";
import { inOrderOfUrgency } from "#core/alarms/listing.ts";
import { CONFIG_OPTION, configFileOf } from "./config-file.ts";
import { withAlarms } from "./open-alarms.ts";

const JOURNAL_MAX = 10_000;

export const alarmListCommand = declareCommand({
  name: "alarm ls",
  summary: "the alarms that somebody should look at, the most urgent first",
  description: "Those of all gateways and the sink's own, also while sinks run.",
  options: {
    ...CONFIG_OPTION,
    gateway: { type: "string", value: "NAME", means: "only of this gateway" },
    ...JSON_OPTION,
  },
  examples: [
    { line: "penstock-cloud alarm ls --config sink.yaml", does: "each with the key to name it by" },
  ],
  run: async ({ values, io }) => {
    const states = await withAlarms(configFileOf(values.config, io.env), async (access) =>
      access.states(),
    );
    const listed = inOrderOfUrgency(states.filter((state) => !isNormal(state))).filter(
      ({ gateway }) => values.gateway === undefined || gateway === values.gateway,
    );
    if (values.json) io.stdout.write(`${JSON.stringify(listed)}\n`);
    else if (listed.length === 0) io.stdout.write("No alarms.\n");
    else io.stdout.write(`${alarmTable(listed)}\n`);
    return EXIT.fine;
  },
});

export const alarmJournalCommand = declareCommand({
  name: "alarm journal",
  operands: "[KEY]",
  operandCount: [0, 1],
  summary: "what happened to the alarms, newest first",
  options: {
    ...CONFIG_OPTION,
    limit: { type: "string", value: "N", default: "50", means: "so many entries" },
    ...JSON_OPTION,
  },
  examples: [
    {
      line: "penstock-cloud alarm journal --config sink.yaml hall-3/oven-2/temperature/limit-hh",
      does: "who did what to it, and when",
    },
  ],
  run: async ({ values, operands, io }) => {
    const limit = wholeIn("limit", values.limit, 1, JOURNAL_MAX);
    const query = { limit, key: operands[0] };
    const entries = await withAlarms(configFileOf(values.config, io.env), async (access) =>
      access.journal(query),
    );
    if (values.json) io.stdout.write(`${JSON.stringify(entries)}\n`);
    else if (entries.length === 0) io.stdout.write("Nothing happened.\n");
    else io.stdout.write(`${journalTable(entries)}\n`);
    return EXIT.fine;
  },
});
