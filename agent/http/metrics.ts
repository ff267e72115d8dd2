import { Exposition } from "#core/http/exposition.ts";
import type { AgentStatus } from "./contract.ts";

export interface HttpFigures {
  readonly livePages: number;
  /** Pages turned away, and pages that did not keep up. */
  readonly livePagesRefused: number;
  readonly livePagesDropped: number;
  readonly connectionsRefused: number;
}

/** The agent's figures for a Prometheus scrape. */
export function metricsOf(status: AgentStatus, healthy: boolean, http: HttpFigures): Exposition {
  const out = new Exposition();
  out.gauge("penstock_agent_healthy", "1 when nothing keeps the agent from its work", +healthy);
  out.gauge("penstock_agent_uptime_seconds", "Time since the start", status.uptimeMs / 1000);
  out.counter("process_cpu_seconds_total", "CPU time, user and system", status.cpuMs / 1000);
  out.gauge("process_resident_memory_bytes", "Resident memory", status.rssBytes);
  for (const [source, count] of Object.entries(status.readings.bySource)) {
    const help = "Readings on disk, by source, over all starts of this buffer";
    out.counter("penstock_readings_total", help, count, { source });
  }
  out.gauge("penstock_alarms_active", "Alarms that are active", status.alarms.active);
  out.counter("penstock_alarms_raised_total", "Alarms that became active", status.alarms.raised);
  addAlarms(out, status.alarms);
  addSources(out, status);
  addFigures(out, "penstock_buffer", status.buffer);
  addFigures(out, "penstock_uplink", status.uplink);
  addFigures(out, "penstock_intake", status.intake ?? {});
  for (const [state, count] of Object.entries(status.detectors ?? {})) {
    out.gauge("penstock_detectors", "Series by what their detectors are doing", count, { state });
  }
  addFigures(out, "penstock_http", http);
  return out;
}

function addAlarms(out: Exposition, alarms: AgentStatus["alarms"]): void {
  const { unacknowledged, shelved, suppressed, waitingNotices, store } = alarms;
  out.gauge("penstock_alarms_unacknowledged", "Alarms that nobody has taken on", unacknowledged);
  out.gauge("penstock_alarms_shelved", "Alarms that are shelved", shelved);
  out.gauge("penstock_alarms_suppressed", "Alarms that another alarm explains", suppressed);
  out.gauge("penstock_notices_waiting", "Notices on their way to recipients", waitingNotices);
  const help = "Writes of the alarms' states that failed";
  out.counter("penstock_alarms_store_failures_total", help, store.failures);
}

function addSources(out: Exposition, status: AgentStatus): void {
  for (const { name: source, kind, state, counters } of status.sources) {
    const help = "1 when the source runs, 0 when it is stopped, starting or degraded";
    out.gauge("penstock_source_up", help, state === "running" ? 1 : 0, { source, kind });
    for (const [name, value] of Object.entries(counters)) {
      const metric = `penstock_source_${snakeCase(name)}_total`;
      out.counter(metric, `${name} of the source, cumulative`, value, { source });
    }
  }
}

/** Every number below `figures`, by its path. */
function addFigures(out: Exposition, prefix: string, figures: object): void {
  for (const [key, value] of Object.entries(figures) as [string, unknown][]) {
    const name = `${prefix}_${snakeCase(key)}`;
    if (typeof value === "number" && Number.isFinite(value)) out.gauge(name, key, value);
    else if (typeof value === "boolean") out.gauge(name, key, +value);
    else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      addFigures(out, name, value);
    }
  }
}

/** Prometheus takes letters, digits and underscores. */
function snakeCase(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]/g, "_");
}
