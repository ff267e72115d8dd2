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

export interface SinkView {
  store: Store;
  ingest: IngestView;
  process: ProcessView;
}
