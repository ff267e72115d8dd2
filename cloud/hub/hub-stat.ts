/**
 * What the hub says about itself: for `hub stat` and for its metrics.
 */
import type { EventHub } from "./event-hub.ts";
import type { Hub } from "./hub.ts";

export interface ReaderStat {
  name: string;
  ownerLevel: number | undefined;
  /** Events stored that it has not been sent. */
  behind: number;
}

export interface GroupStat {
  group: string;
  /** Events that its slowest reader has not been sent; without one, since the last one left. */
  behind: number;
  readers: ReaderStat[];
}

export interface PartitionStat {
  partition: number;
  firstSequence: number;
  /** −1 when nothing was ever enqueued. */
  lastSequence: number;
  lastOffset: number;
  lastEnqueuedMs: number;
  /** Groups that have read the partition since the hub's start. */
  groups: GroupStat[];
}

export interface HubStat {
  hub: string;
  createdAtMs: number;
  storedBytes: number;
  cachedBytes: number;
  pendingBytes: number;
  /** Why nothing can be written at present. */
  fault: string | undefined;
  partitions: PartitionStat[];
}

export interface BrokerStat {
  hubs: HubStat[];
  /** Clients that have not begun to speak AMQP. */
  waitingClients: number;
  connections: { id: string; client: string; isLoggedIn: boolean; links: number }[];
  counters: Readonly<Record<string, number>>;
}

export function statOf(broker: Hub): BrokerStat {
  return {
    hubs: [...broker.hubs()].map(hubStat),
    waitingClients: broker.waitingClients,
    connections: [...broker.connections()].map((connection) => ({
      id: connection.id,
      client: connection.clientName,
      isLoggedIn: connection.isLoggedIn,
      links: [...connection.links()].length,
    })),
    counters: { ...broker.counters },
  };
}

function hubStat(hub: EventHub): HubStat {
  const { log } = hub;
  return {
    hub: hub.name,
    createdAtMs: log.createdAtMs,
    storedBytes: log.storedBytes,
    cachedBytes: log.cachedBytes,
    pendingBytes: log.writer.pendingBytes,
    fault: log.writer.fault?.message,
    partitions: Array.from({ length: hub.partitions }, (_, id) => partitionStat(hub, id)),
  };
}

export function partitionStat(hub: EventHub, id: number): PartitionStat {
  const { nextSeq, lastOffset, lastTimeMs } = hub.log.partition(id);
  const behind = (next: number): number => Math.max(nextSeq - next, 0);
  const groups: GroupStat[] = [];
  for (const group of hub.groups()) {
    const next = group.nextSeqOf(id);
    if (next === undefined) continue;
    const readers = [...group.readersOf(id)].map((reader) => ({
      name: reader.name,
      ownerLevel: reader.ownerLevel,
      behind: behind(reader.nextSeq),
    }));
    groups.push({ group: group.name, behind: behind(next), readers });
  }
  return {
    partition: id,
    firstSequence: hub.log.firstSeq(id),
    lastSequence: nextSeq - 1,
    lastOffset,
    lastEnqueuedMs: lastTimeMs,
    groups,
  };
}
