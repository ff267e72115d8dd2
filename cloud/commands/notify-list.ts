/** `notify ls`: who is told of alarms, and how that went, as the journal has it. */
import { recipientsOf } from "#config/alarms/recipients-of.ts";
import { timeText } from "#config/command-line/alarm-tables.ts";
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { textTable } from "#config/command-line/text-table.ts";
import { loadSink } from "#config/loading/load-sink.ts";
import { SINK_ALARM_SETTINGS } from "#config/sink/alarms.ts";
import type { AlarmState, JournalEntry } from "#core/alarms/contract.ts";
import { isOfOwnChannel } from "#core/notify/failing-alarm.ts";
import { addressOf, isMirrored, type Recipient } from "#core/notify/recipient.ts";
import { type ToldInJournal, toldInJournal } from "#core/notify/told-in-journal.ts";
import { SINK } from "#core/own-names.ts";
import { CONFIG_OPTION, configFileOf } from "./config-file.ts";
import { withAlarms } from "./open-alarms.ts";

const JOURNAL_LIMIT = 1000;

export const notifyListCommand = declareCommand({
  name: "notify ls",
  summary: "who is told of alarms, and how that went",
  description: `One line a way to each recipient, from the last ${JOURNAL_LIMIT} entries of the alarms' journal: when it was told
last, and when a notice was given up. Also while sinks run, and when none does.`,
  options: { ...CONFIG_OPTION, ...JSON_OPTION },
  examples: [
    { line: "penstock-cloud notify ls --config sink.yaml", does: "where an alarm would go" },
  ],
  run: async ({ values, io }) => {
    const file = configFileOf(values.config, io.env);
    const recipients = recipientsOf(loadSink(file).alarms, SINK_ALARM_SETTINGS);
    const { waiting, rows } = await withAlarms(file, async (access) => ({
      waiting: (await access.backlog()).notices,
      rows: channelRows(
        recipients,
        await access.journal({ limit: JOURNAL_LIMIT }),
        await access.states(),
      ),
    }));
    if (values.json) io.stdout.write(`${JSON.stringify({ waiting, channels: rows })}\n`);
    else if (rows.length === 0) io.stdout.write("Nobody is told of alarms.\n");
    else {
      io.stdout.write(`${textTable(HEADS, rows.map(cellsOf))}\n`);
      io.stdout.write(`${waiting} notices wait.\n`);
    }
    return EXIT.fine;
  },
});

interface ChannelRow extends ToldInJournal {
  readonly address: string;
  /** It shows what stands, and leaves nothing in the journal but that it fails. */
  readonly isMirror: boolean;
  /** The alarm about it stands. */
  readonly isFailing: boolean;
}

/** @param journal newest first */
function channelRows(
  recipients: readonly Recipient[],
  journal: readonly JournalEntry[],
  states: readonly AlarmState[],
): ChannelRow[] {
  return recipients.flatMap((recipient) =>
    recipient.channels.map((channel) => {
      const address = addressOf(recipient, channel.kind);
      return {
        address,
        isMirror: isMirrored(channel),
        isFailing: states.some(
          ({ isActive, raised }) =>
            isActive && isOfOwnChannel(raised, SINK) && raised.tag === address,
        ),
        ...toldInJournal(address, journal),
      };
    }),
  );
}

const HEADS = ["way", "state", "told last", "gave up last"];

function cellsOf(row: ChannelRow): string[] {
  const { address, isMirror, isFailing, lastTold, lastGivenUp, reason } = row;
  const never = isMirror ? "shows what stands" : "not lately";
  return [
    address,
    isFailing ? "failing" : "good",
    lastTold === null ? never : timeText(lastTold),
    lastGivenUp === null ? "" : `${timeText(lastGivenUp)} ${reason}`,
  ];
}
