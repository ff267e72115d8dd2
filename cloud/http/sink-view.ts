/** What the API shows of a running sink: the composition root gives it in. */
import type { DurationHistogram } from "#core/histogram.ts";
import type { SeqGap, Store } from "../store/contract.ts";

export interface PartitionView {
  id: string;
  sequenceNumber: number | undefined;
  offset: string | undefined;
  enqueuedAtMs: number | undefined;
}

export interface IngestView {
  readonly connected: boolean;
  /** Why nothing can be stored at present. */
  readonly failure: string | undefined;
  readonly retries: number;
  readonly latency: DurationHistogram;
  readonly lag: DurationHistogram;
  readonly counters: Readonly<Record<string, number>>;
  partitions(): readonly PartitionView[];
  lost(): readonly SeqGap[];
}

export interface ProcessView {
  /** Since the program's start. */
  uptimeMs(): number;
  /** CPU time used, user and system. */
  cpuMs(): number;
  rssBytes(): number;
}

export interface AlarmView {
  /** Whether this process keeps the alarms of the database. */
  readonly isHeld: boolean;
}

export interface SinkView {
  store: Store;
  ingest: IngestView;
  process: ProcessView;
  alarms: AlarmView;
  /** What keeps the sink from its work, as sentences. A hub that is away is not the sink's own. */
  readonly problems: () => readonly string[];
}
