/** `buffer ls`: the segments that wait, oldest first. */
import type { SegmentRow } from "#agent/buffer/contract.ts";
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { wholeIn } from "#config/command-line/number-option.ts";
import { textTable } from "#config/command-line/text-table.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import { withBuffer } from "./buffer-desk.ts";

const SEGMENTS_MAX = 1e9;

export const bufferListCommand = declareCommand({
  name: "buffer ls",
  summary: "the segments that wait for the hub, oldest first",
  options: {
    ...CONFIG_OPTION,
    ...JSON_OPTION,
    limit: { type: "string", value: "N", default: "50", means: "at most so many" },
  },
  examples: [{ line: "penstock buffer ls --limit 5", does: "the five oldest" }],
  run: async ({ values, io }) => {
    const limit = wholeIn("limit", values.limit, 1, SEGMENTS_MAX);
    const settings = loadGateway(configFileOf(values.config, io.env));
    const rows = await withBuffer(settings, async (desk) => Array.fromAsync(desk.segments(limit)));
    if (values.json) io.stdout.write(`${JSON.stringify(rows)}\n`);
    else if (rows.length === 0) io.stdout.write("The buffer is empty.\n");
    else io.stdout.write(`${textTable(HEADS, rows.map(cellsOf))}\n`);
    return EXIT.fine;
  },
});

const HEADS = ["segment", "committed", "bytes", "chunks", "readings", "epoch"];

function cellsOf({ segment, committedAt, bytes, chunks, readings, epoch }: SegmentRow): string[] {
  const committed = new Date(committedAt).toISOString();
  return [`${segment}`, committed, `${bytes}`, `${chunks}`, `${readings}`, epoch];
}
