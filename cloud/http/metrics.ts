/** `/metrics` for Prometheus. Totals are the database's: they outlive the program. */
import { Exposition } from "#core/http/exposition.ts";
import type { HttpReply } from "#core/http/server.ts";
import type { StoreState } from "../store/contract.ts";
import { type AlarmFigures, alarmFigures } from "./alarm-figures.ts";
import type { SinkView } from "./sink-view.ts";

export async function metricsReply(view: SinkView): Promise<HttpReply> {
  const metrics = new Exposition();
  const state = await view.store.state();
  addTotals(metrics, state);
  addIngest(metrics, view);
  addStore(metrics, state);
  addAlarms(metrics, await alarmFigures(view.store), view.alarms.isHeld);
  metrics.counter("process_cpu_seconds_total", "CPU time used.", view.process.cpuMs() / 1000);
  metrics.gauge("process_resident_memory_bytes", "Memory in use.", view.process.rssBytes());
  return metrics.reply();
}

function addTotals(metrics: Exposition, { totals }: StoreState): void {
  const readings = "penstock_sink_readings_total";
  const help = "Readings received, by what became of them.";
  metrics.counter(readings, help, totals.readings, { outcome: "good" });
  metrics.counter(readings, help, totals.bad, { outcome: "bad" });
  metrics.counter(readings, help, totals.duplicateReadings, { outcome: "duplicate" });
  const chunks = "penstock_sink_chunks_total";
  const chunkHelp = "Chunks received, by what became of them.";
  metrics.counter(chunks, chunkHelp, totals.chunks, { outcome: "accepted" });
  metrics.counter(chunks, chunkHelp, totals.duplicateChunks, { outcome: "duplicate" });
  const dead = "Events put aside, because they could not be read or contradict others.";
  metrics.counter("penstock_sink_dead_letters_total", dead, totals.deadLettered);
  metrics.counter("penstock_sink_alarms_total", "Alarm transitions taken in.", totals.alarms);
}

function addIngest(metrics: Exposition, { ingest }: SinkView): void {
  metrics.gauge(
    "penstock_sink_connected",
    "1 while subscribed to the hub.",
    Number(ingest.connected),
  );
  metrics.gauge("penstock_sink_lost_gaps", "Holes in the stream that stay.", ingest.lost().length);
  const name = "penstock_sink_ingest_total";
  const help = "Events of the ingest, by kind.";
  for (const [kind, count] of Object.entries(ingest.counters)) {
    metrics.counter(name, help, count, { kind });
  }
  metrics.counter(name, help, ingest.retries, { kind: "retries" });
  const lag = ingest.lag.summary();
  const lagName = "penstock_sink_lag_milliseconds";
  const lagHelp = "From the hub's taking an event to its commit, since the start.";
  metrics.gauge(lagName, lagHelp, lag.p50Ms, { quantile: "0.5" });
  metrics.gauge(lagName, lagHelp, lag.p99Ms, { quantile: "0.99" });
  const latency = "penstock_sink_latency_milliseconds";
  const latencyHelp = "From a reading's time to its being visible, since the start.";
  const { p50Ms, p99Ms, maxMs } = ingest.latency.summary();
  metrics.gauge(latency, latencyHelp, p50Ms, { quantile: "0.5" });
  metrics.gauge(latency, latencyHelp, p99Ms, { quantile: "0.99" });
  metrics.gauge(latency, latencyHelp, maxMs, { quantile: "1" });
}

function addStore(metrics: Exposition, state: StoreState): void {
  const { journalEvents, openRows, commits, foldedRows, watermarks } = state;
  metrics.gauge("penstock_sink_journal_events", "Accepted, not yet folded.", journalEvents);
  metrics.gauge("penstock_sink_open_rows", "Partial rows in memory.", openRows);
  metrics.counter("penstock_sink_commits_total", "Accepting transactions.", commits);
  metrics.counter("penstock_sink_folded_rows_total", "Rollup rows written.", foldedRows);
  for (const { gateway, watermarkMs } of watermarks) {
    const help = "Event time that the gateway has reached.";
    metrics.gauge("penstock_sink_watermark_seconds", help, watermarkMs / 1000, { gateway });
  }
}

function addAlarms(metrics: Exposition, figures: AlarmFigures, isHeld: boolean): void {
  const { active, unacknowledged, notices, transitions, givenUp } = figures;
  for (const [priority, count] of Object.entries(active)) {
    metrics.gauge("penstock_sink_alarms_active", "Alarms that are active.", count, { priority });
  }
  const help = "Alarms that nobody has acknowledged.";
  metrics.gauge("penstock_sink_alarms_unacknowledged", help, unacknowledged);
  metrics.gauge("penstock_sink_alarm_outbox", "Notices on their way.", notices);
  const waiting = "Alarm transitions that the desk has not taken in yet.";
  metrics.gauge("penstock_sink_alarm_desk_lag", waiting, transitions);
  const lost = "Alarm transitions given up before the desk had taken them in.";
  metrics.counter("penstock_sink_alarm_transitions_given_up_total", lost, givenUp);
  const desk = "1 in the sink that keeps the alarms: one of all that share a database.";
  metrics.gauge("penstock_sink_alarm_desk_held", desk, Number(isHeld));
}
