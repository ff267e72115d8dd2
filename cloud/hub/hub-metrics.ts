/** The hub's figures for Prometheus. */
import { Exposition } from "#core/http/exposition.ts";
import type { HttpReply } from "#core/http/server.ts";
import type { EventHub } from "./event-hub.ts";
import type { Hub } from "./hub.ts";
import { partitionStat } from "./hub-stat.ts";

/** The hub's metrics, for a Prometheus scrape. */
export async function metricsOf(broker: Hub): Promise<HttpReply> {
  const page = new Exposition();
  const { counters } = broker;
  page.counter("penstock_hub_events_in_total", "Events taken in.", counters.eventsIn);
  page.counter("penstock_hub_events_out_total", "Events delivered.", counters.eventsOut);
  page.counter("penstock_hub_bytes_in_total", "Bytes of deliveries taken in.", counters.bytesIn);
  page.counter("penstock_hub_bytes_out_total", "Bytes of events delivered.", counters.bytesOut);
  page.counter("penstock_hub_rejected_total", "Deliveries refused.", counters.rejected);
  page.counter("penstock_hub_connections_total", "Connections accepted.", counters.connections);
  page.counter(
    "penstock_hub_connections_refused_total",
    "Connections refused: too many.",
    counters.connectionsRefused,
  );
  page.counter(
    "penstock_hub_protocol_errors_total",
    "Clients cut off for breaking the protocol.",
    counters.protocolErrors,
  );
  page.counter(
    "penstock_hub_internal_errors_total",
    "Connections ended by a fault of the hub.",
    counters.internalErrors,
  );
  page.counter(
    "penstock_hub_logins_refused_total",
    "Tokens and keys refused.",
    counters.loginsRefused,
  );
  page.gauge(
    "penstock_hub_waiting_clients",
    "Connections that have not begun to speak AMQP.",
    broker.waitingClients,
  );
  page.gauge("penstock_hub_connections", "Open connections.", [...broker.connections()].length);
  for (const hub of broker.hubs()) hubMetrics(page, hub);
  return page.reply();
}

function hubMetrics(page: Exposition, hub: EventHub): void {
  const { log } = hub;
  const labels = { hub: hub.name };
  const { groups, failures, slowestCommitMs } = log.writer.stats;
  page.counter("penstock_hub_commits_total", "Group commits synced.", groups, labels);
  page.counter(
    "penstock_hub_commit_failures_total",
    "Group commits that failed.",
    failures,
    labels,
  );
  page.gauge(
    "penstock_hub_commit_slowest_seconds",
    "Slowest group commit since the start.",
    slowestCommitMs / 1000,
    labels,
  );
  page.gauge("penstock_hub_log_bytes", "Bytes of the log on disk.", log.storedBytes, labels);
  page.gauge(
    "penstock_hub_cached_bytes",
    "Bytes kept in memory for readers.",
    log.cachedBytes,
    labels,
  );
  page.gauge(
    "penstock_hub_pending_bytes",
    "Bytes that wait for a commit.",
    log.writer.pendingBytes,
    labels,
  );
  page.gauge(
    "penstock_hub_writable",
    "1 while the log can be written.",
    log.writer.fault ? 0 : 1,
    labels,
  );
  page.counter(
    "penstock_hub_expired_bytes_total",
    "Bytes that retention has deleted.",
    log.expired.bytes,
    labels,
  );
  for (let id = 0; id < hub.partitions; id++) {
    const stat = partitionStat(hub, id);
    const partition = { ...labels, partition: String(id) };
    page.gauge(
      "penstock_hub_last_sequence",
      "Newest sequence number.",
      stat.lastSequence,
      partition,
    );
    for (const { group, behind, readers } of stat.groups) {
      const of = { ...partition, group };
      page.gauge(
        "penstock_hub_group_behind_events",
        "Events that the group's slowest reader has not been sent.",
        behind,
        of,
      );
      page.gauge("penstock_hub_group_readers", "Readers of the group.", readers.length, of);
    }
  }
}
