/** What the sink itself says went wrong: it must tell of a copied buffer, and not of losses that are none. */
import type { StoreTotals } from "#cloud/store/contract.ts";

export interface SinkReport {
  /** Readings that came again, and were dropped. */
  copies: number;
  /** Events put aside as unreadable. */
  deadLetters: number;
  /** Readings that agents said they dropped. */
  explained: number;
  /** Chunks that never came, and nobody explained. */
  missingChunks: number;
  /** Alarms of the sink's own, by rule. */
  alarms: Readonly<Record<string, number>>;
}

interface Status {
  readings: { duplicates: StoreTotals["duplicateReadings"] };
  chunks: { deadLettered: number };
}

interface Gaps {
  lost: { fromSeq: number; toSeq: number }[];
  explained: { readings: number }[];
}

interface Alarm {
  rule: string;
  state: "active" | "cleared";
  device: string;
}

const LIST_MAX = 100_000;
/** Under this device the sink tells of its own alarms. */
const OWN_DEVICE = "(gateway)";

/** Rejects when the sink does not answer. */
export async function sinkReport(sinkUrl: string): Promise<SinkReport> {
  const status: Status = JSON.parse(await textAt(sinkUrl, "/api/status"));
  const gaps: Gaps = JSON.parse(await textAt(sinkUrl, `/api/gaps?limit=${LIST_MAX}`));
  const path = `/api/alarms/transitions?limit=${LIST_MAX}`;
  const alarms: Alarm[] = JSON.parse(await textAt(sinkUrl, path));
  const own = alarms.filter(({ device, state }) => device === OWN_DEVICE && state === "active");
  return {
    copies: status.readings.duplicates,
    deadLetters: status.chunks.deadLettered,
    explained: gaps.explained.reduce((sum, { readings }) => sum + readings, 0),
    missingChunks: gaps.lost.reduce((sum, { fromSeq, toSeq }) => sum + toSeq - fromSeq + 1, 0),
    alarms: countsOf(own.map(({ rule }) => rule)),
  };
}

async function textAt(base: string, path: string): Promise<string> {
  const response = await fetch(new URL(path, base));
  if (!response.ok) throw new Error(`${path} answers ${response.status}`);
  return await response.text();
}

function countsOf(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
