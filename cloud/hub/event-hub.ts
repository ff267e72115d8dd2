/**
 * One event hub: its log, its consumer groups and who reads in them.
 */

import type { HubLog } from "./log/hub-log.ts";
import { partitionOfKey } from "./partition-key.ts";
import { ReaderGroup } from "./reader-group.ts";

export interface EventHubOptions {
  name: string;
  partitions: number;
  consumerGroups: readonly string[];
  log: HubLog;
  /** Where the round-robin of events without key begins. */
  firstPartition: number;
}

const DEFAULT_GROUP = "$default";

/** What wakes a reader when its partition got something new. */
interface Wakeable {
  pump(): void;
}

export class EventHub {
  readonly name: string;
  readonly partitions: number;
  readonly log: HubLog;
  readonly #groups: ReadonlyMap<string, ReaderGroup>;
  readonly #readers: Set<Wakeable>[];
  #lastPartition: number;

  constructor(options: EventHubOptions) {
    this.name = options.name;
    this.partitions = options.partitions;
    this.log = options.log;
    const names = [DEFAULT_GROUP, ...options.consumerGroups].map((name) => name.toLowerCase());
    this.#groups = new Map(names.map((name) => [name, new ReaderGroup(name)]));
    this.#readers = Array.from({ length: options.partitions }, () => new Set<Wakeable>());
    this.#lastPartition = options.firstPartition;
    this.log.onCommitted = (partition) => this.#wake(partition);
  }

  group(name: string): ReaderGroup | undefined {
    return this.#groups.get(name.toLowerCase());
  }

  groups(): Iterable<ReaderGroup> {
    return this.#groups.values();
  }

  /** The partition that the text names, or `undefined`. */
  partitionNamed(text: string): number | undefined {
    if (!/^\d{1,4}$/.test(text)) return undefined;
    const id = Number(text);
    return id < this.partitions ? id : undefined;
  }

  /** Where an event without a fixed partition goes: by its key, or in turn. */
  partitionFor(key: string | undefined): number {
    if (key !== undefined) return partitionOfKey(key, this.partitions);
    this.#lastPartition = (this.#lastPartition + 1) % this.partitions;
    return this.#lastPartition;
  }

  addReader(partition: number, reader: Wakeable): void {
    this.#readers[partition]?.add(reader);
  }

  removeReader(partition: number, reader: Wakeable): void {
    this.#readers[partition]?.delete(reader);
  }

  #wake(partition: number): void {
    for (const reader of this.#readers[partition] ?? []) reader.pump();
  }
}
