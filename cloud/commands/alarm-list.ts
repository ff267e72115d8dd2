/** `alarm ls` and `alarm journal`: how the alarms stand, and what happened to them. */
import { declareCommand, JSON_OPTION, Misuse } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { isNormal } from "#core/alarms/alarm-machine.ts";
import type { AlarmState, JournalEntry } from "#core/alarms/contract.ts";
import { inOrderOfUrgency } from "#core/alarms/listing.ts";
import { CONFIG_OPTION, plain, withAlarms } from "./open-alarms.ts";

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
    const states = await withAlarms(values.config, async (access) => access.states());
    const listed = inOrderOfUrgency(states.filter((state) => !isNormal(state))).filter(
      ({ gateway }) => values.gateway === undefined || gateway === values.gateway,
    );
    if (values.json) io.stdout.write(`${JSON.stringify(listed)}\n`);
    else if (listed.length === 0) io.stdout.write("No alarms.\n");
    else for (const state of listed) io.stdout.write(`${lineOf(state)}\n`);
    return EXIT.fine;
  },
});

export const alarmJournalCommand = declareCommand({
  name: "alarm journal",
  summary: "what happened to the alarms, the newest first",
  options: {
    ...CONFIG_OPTION,
    key: { type: "string", value: "KEY", means: "only to this alarm" },
    limit: { type: "string", value: "N", default: "100", means: "so many entries" },
    ...JSON_OPTION,
  },
  examples: [
    {
      line: "penstock-cloud alarm journal --config sink.yaml --key hall-3/oven-2/temperature/limit-hh",
      does: "who did what to it, and when",
    },
  ],
  run: async ({ values, io }) => {
    const limit = Number(values.limit);
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > JOURNAL_MAX) {
      throw new Misuse(`--limit takes a number from 1 to ${JOURNAL_MAX}, not "${values.limit}"`);
    }
    const query = { limit, key: values.key };
    const entries = await withAlarms(values.config, async (access) => access.journal(query));
    for (const entry of entries) {
      io.stdout.write(`${values.json ? JSON.stringify(entry) : entryLine(entry)}\n`);
    }
    return EXIT.fine;
  },
});

function lineOf(state: AlarmState): string {
  const { key, raised, activeSince } = state;
  const standing = standingOf(state);
  return plain(
    `${new Date(activeSince).toISOString()}  ${raised.priority}  ${standing}  ${key}  ${raised.message}`,
  );
}

function standingOf({ isActive, isAcknowledged, shelved, outOfService }: AlarmState): string {
  if (outOfService) return `out of service (${outOfService.by})`;
  if (shelved) return `shelved (${shelved.by})`;
  return `${isActive ? "active" : "over"}, ${isAcknowledged ? "acknowledged" : "unacknowledged"}`;
}

function entryLine({ at, kind, key, by = "", note = "" }: JournalEntry): string {
  const parts = [new Date(at).toISOString(), kind, key, by, note].filter((part) => part !== "");
  return plain(parts.join("  "));
}
