/** What the sink's SQLite database says of each lane: seqs that arrived, and seqs that were explained. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type SeqRange, SeqRanges } from "#core/seq-ranges.ts";

export interface ReadLane {
  accepted: SeqRanges;
  closed: SeqRanges;
  /** From here on nobody knows what there was, as the agent told; infinite where it told nothing. */
  openFrom: number;
}

/** By `epoch lane`. */
export type ReadLanes = ReadonlyMap<string, ReadLane>;

const QUERY = `
  SELECT epoch, lane, accepted, closed,
    (SELECT min(from_seq) FROM gap WHERE lane_id = lane.id AND to_seq IS NULL) AS open_from
  FROM lane`;

/** The sink may be running. */
export function readLanes(storeFolder: string): ReadLanes {
  const database = new DatabaseSync(join(storeFolder, "sink.sqlite"), { readOnly: true });
  try {
    const rows = database.prepare(QUERY).all();
    return new Map(
      rows.map((row) => [
        `${String(row["epoch"])} ${String(row["lane"])}`,
        {
          accepted: rangesIn(row["accepted"]),
          closed: rangesIn(row["closed"]),
          openFrom: Number(row["open_from"] ?? Number.POSITIVE_INFINITY),
        },
      ]),
    );
  } finally {
    database.close();
  }
}

function rangesIn(text: unknown): SeqRanges {
  const ranges: SeqRange[] = JSON.parse(String(text));
  return new SeqRanges(ranges);
}
