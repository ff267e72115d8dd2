/** `alarm journal`: what happened to the alarms, newest first. */

import { journalTable } from "#config/command-line/alarm-tables.ts";
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { wholeIn } from "#config/command-line/number-option.ts";
import type { JournalEntry } from "#core/alarms/contract.ts";
import { CONFIG_OPTION } from "../config-file.ts";
import { agentOf } from "./asking.ts";

const ENTRIES_MAX = 10_000;

export const alarmJournalCommand = declareCommand({
  name: "alarm journal",
  operands: "[KEY]",
  operandCount: [0, 1],
  summary: "what happened to the alarms, newest first",
  options: {
    ...CONFIG_OPTION,
    ...JSON_OPTION,
    limit: { type: "string", default: "50", means: "so many entries", value: "N" },
    before: { type: "string", means: "only older ones than this id", value: "ID" },
  },
  examples: [
    { line: "penstock alarm journal --limit 200", does: "the last 200 entries" },
    {
      line: "penstock alarm journal oven-2/temperature/limit-h --json",
      does: "those of one alarm",
    },
  ],
  run: async ({ values, operands, io }) => {
    const query = new URLSearchParams({
      limit: String(wholeIn("limit", values.limit, 1, ENTRIES_MAX)),
    });
    if (values.before !== undefined) {
      query.set("before", String(wholeIn("before", values.before, 1, Number.MAX_SAFE_INTEGER)));
    }
    if (operands[0] !== undefined) query.set("key", operands[0]);
    const agent = await agentOf(values.config, io);
    const entries = await agent.ask<readonly JournalEntry[]>(
      `GET /alarms/journal?${query.toString()}`,
    );
    if (values.json) io.stdout.write(`${JSON.stringify(entries)}\n`);
    else if (entries.length === 0) io.stdout.write("Nothing happened.\n");
    else io.stdout.write(`${journalTable(entries)}\n`);
    return EXIT.fine;
  },
});
