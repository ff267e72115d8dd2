/** `/api/status`: one JSON object; the demo's ledger and the page rely on its shape. */
import type { DurationHistogram } from "#core/histogram.ts";
import { alarmFigures } from "./alarm-figures.ts";
import type { SinkView } from "./sink-view.ts";

export async function statusOf({
  store,
  ingest,
  process,
  problems,
  alarms,
}: SinkView): Promise<Record<string, unknown>> {
  const [state, holes, standing] = await Promise.all([
    store.state(),
    store.gaps(),
    alarmFigures(store),
  ]);
  const { totals } = state;
  return {
    program: "sink",
    uptimeMs: process.uptimeMs(),
    connected: ingest.connected,
    problems: problems(),
    readings: {
      accepted: totals.readings + totals.bad,
      bad: totals.bad,
      duplicates: totals.duplicateReadings,
    },
    chunks: {
      accepted: totals.chunks,
      duplicates: totals.duplicateChunks,
      deadLettered: totals.deadLettered,
    },
    alarms: totals.alarms,
    alarmDesk: { isHeld: alarms.isHeld, ...standing },
    gaps: ingest.lost(),
    holes: holes.length,
    partitions: ingest.partitions(),
    latencyMs: summaryOf(ingest.latency),
    lagMs: summaryOf(ingest.lag),
    ingest: { ...ingest.counters, retries: ingest.retries },
    store: {
      journalEvents: state.journalEvents,
      openRows: state.openRows,
      lanes: state.lanes,
      commits: state.commits,
      foldedRows: state.foldedRows,
    },
    watermarks: state.watermarks,
    cpuMs: process.cpuMs(),
    rssBytes: process.rssBytes(),
  };
}

export interface LatencySummary {
  p50: number;
  p99: number;
  max: number;
  count: number;
}

export function summaryOf(histogram: DurationHistogram): LatencySummary {
  const { p50Ms, p99Ms, maxMs, count } = histogram.summary();
  return { p50: p50Ms, p99: p99Ms, max: maxMs, count };
}
