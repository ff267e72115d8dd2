/** `notify ls`: who is told of alarms, and how that goes. */

import { findAgent } from "#agent/control/control-client.ts";
import { recipientsOf } from "#config/alarms/recipients-of.ts";
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { textTable } from "#config/command-line/text-table.ts";
import { GATEWAY_ALARM_SETTINGS } from "#config/gateway/alarms.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import type { ChannelStatus } from "#core/notify/notifications.ts";
import { addressOf } from "#core/notify/recipient.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";

/** What is known of a way without an agent is that it is there. */
type Row = Pick<ChannelStatus, "address" | "recipient" | "kind"> & Partial<ChannelStatus>;

export const notifyListCommand = declareCommand({
  name: "notify ls",
  summary: "who is told of alarms, and how that goes",
  description: `One line a way to each recipient: when it was told last, when that failed last, and how many notices
wait. Without a running agent, only the ways that the file has.`,
  options: { ...CONFIG_OPTION, ...JSON_OPTION },
  examples: [{ line: "penstock notify ls", does: "where an alarm would go, and does it arrive" }],
  run: async ({ values, io }) => {
    const settings = loadGateway(configFileOf(values.config, io.env));
    const agent = await findAgent(settings.buffer.path);
    const rows = agent ? await agent.ask<Row[]>("GET /notify") : rowsOfFile(settings.alarms);
    if (values.json) io.stdout.write(`${JSON.stringify(rows)}\n`);
    else if (rows.length === 0) io.stdout.write("Nobody is told of alarms.\n");
    else io.stdout.write(`${textTable(HEADS, rows.map(cellsOf))}\n`);
    if (!agent) io.stderr.write("No agent runs: nothing is known of how it goes.\n");
    return EXIT.fine;
  },
});

const HEADS = ["way", "state", "waiting", "told last", "failed last"];

function rowsOfFile(alarms: Parameters<typeof recipientsOf>[0]): Row[] {
  return recipientsOf(alarms, GATEWAY_ALARM_SETTINGS).flatMap((recipient) =>
    recipient.channels.map(({ kind }) => ({
      address: addressOf(recipient, kind),
      recipient: recipient.name,
      kind,
    })),
  );
}

function cellsOf(row: Row): string[] {
  const { address, waiting, lastSuccess, lastFailure, lastError } = row;
  const error = lastError === null || lastError === undefined ? "" : ` ${lastError}`;
  return [
    address,
    stateOf(row),
    waiting === undefined ? "" : String(waiting),
    timeOf(lastSuccess),
    `${timeOf(lastFailure)}${error}`,
  ];
}

function stateOf({ failuresInARow, lastSuccess }: Row): string {
  if (failuresInARow === undefined) return "?";
  if (failuresInARow > 0) return "failing";
  return lastSuccess === null ? "not used yet" : "good";
}

function timeOf(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? "" : new Date(ms).toISOString();
}
