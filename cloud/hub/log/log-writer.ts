/**
 * Group commit: all sends that arrive while the previous group is being synced, and at least a commit
 * window's worth, go out in one write and one fdatasync.
 *
 * Invariants: a request is answered without error only after its group's sync; groups reach the disk
 * one at a time, in order; what waits is bounded by the callers, who stop reading at `isCongested`.
 * After a failed write the file is cut back to its synced length before anything else is written, so
 * that no refused event can come back to life behind a shorter group.
 */
import type { Clock, Timer } from "#core/clock.ts";
import { PenstockError } from "#core/errors.ts";
import {
  type AppendRequest,
  appendBytesMax,
  type EncodedGroup,
  encodeGroup,
} from "./group-encoder.ts";
import type { LogDisk } from "./log-disk.ts";
import type { PartitionState } from "./partition-state.ts";
import type { Segment } from "./segment.ts";

/** A reader that is stuck may keep a whole group in memory, so groups are small. */
const GROUP_BYTES_MAX = 2 * 1024 * 1024;
/** So many bytes fill a group: waiting for more would only add latency. */
const GROUP_BYTES_ENOUGH = 256 * 1024;
const PENDING_BYTES_MAX = 32 * 1024 * 1024;
const REPAIR_INTERVAL_MS = 250;

export interface LogWriterOptions {
  clock: Clock;
  disk: LogDisk;
  commitWindowMs: number;
  segmentBytesMax: number;
  partitions: readonly PartitionState[];
  /** The segment to append to; makes the next one when told to. */
  currentSegment: () => Segment;
  rollSegment: () => Promise<Segment>;
  /** Publishes a synced group: runs before its requests are answered. */
  committed: (segment: Segment, address: number, group: EncodedGroup) => void;
  failed: (error: PenstockError) => void;
  /** Runs when the log leaves congestion. */
  drained: () => void;
}

export class LogWriter {
  readonly #options: LogWriterOptions;
  #pending: AppendRequest[] = [];
  #pendingBytes = 0;
  #isFlushing = false;
  #isScheduled = false;
  #lastCommitMs = Number.NEGATIVE_INFINITY;
  #fault: PenstockError | undefined;
  #mustRoll = false;
  #isStopped = false;
  #repairTimer: Timer | undefined;
  #repairing: Promise<void> | undefined;
  #idle: (() => void)[] = [];
  readonly stats = { groups: 0, bytes: 0, events: 0, failures: 0, slowestCommitMs: 0 };

  constructor(options: LogWriterOptions) {
    this.#options = options;
  }

  /** True while callers should stop taking in more. */
  get isCongested(): boolean {
    return this.#pendingBytes > PENDING_BYTES_MAX;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Why nothing can be written at present. */
  get fault(): PenstockError | undefined {
    return this.#fault;
  }

  append(request: AppendRequest): void {
    if (this.#fault) {
      request.done(this.#fault);
      return;
    }
    this.#pending.push(request);
    this.#pendingBytes += appendBytesMax(request);
    this.#schedule();
  }

  /** The next group goes into a new segment. */
  rollBeforeNextWrite(): void {
    this.#mustRoll = true;
  }

  /** Resolves when everything appended before has been answered. */
  async drain(): Promise<void> {
    if (!this.#isFlushing && this.#pending.length === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle.push(resolve);
    });
  }

  /** Writes what waits. Nothing touches the files any more when it resolves. */
  async stop(): Promise<void> {
    await this.drain();
    this.#isStopped = true;
    this.#repairTimer?.cancel();
    await this.#repairing;
  }

  #schedule(): void {
    if (this.#isFlushing || this.#isScheduled || this.#pending.length === 0) return;
    this.#isScheduled = true;
    const { clock, commitWindowMs } = this.#options;
    const waitMs = this.#lastCommitMs + commitWindowMs - clock.monotonic();
    const run = (): void => {
      this.#isScheduled = false;
      void this.#flush();
    };
    if (waitMs <= 0 || this.#pendingBytes >= GROUP_BYTES_ENOUGH) setImmediate(run);
    else clock.after("hub commit window", waitMs, run);
  }

  async #flush(): Promise<void> {
    const { clock } = this.#options;
    this.#isFlushing = true;
    const startedMs = clock.monotonic();
    const requests = this.#take();
    try {
      await this.#write(requests);
      for (const request of requests) request.done(undefined);
    } catch (error) {
      this.#fail(requests, error);
    }
    this.#lastCommitMs = clock.monotonic();
    const tookMs = this.#lastCommitMs - startedMs;
    this.stats.slowestCommitMs = Math.max(this.stats.slowestCommitMs, tookMs);
    this.#isFlushing = false;
    if (!this.isCongested) this.#options.drained();
    this.#schedule();
    if (this.#pending.length === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #take(): AppendRequest[] {
    let bytes = 0;
    let count = 0;
    for (const request of this.#pending) {
      bytes += appendBytesMax(request);
      if (count > 0 && bytes > GROUP_BYTES_MAX) {
        bytes -= appendBytesMax(request);
        break;
      }
      count += 1;
    }
    this.#pendingBytes -= bytes;
    return this.#pending.splice(0, count);
  }

  async #write(requests: readonly AppendRequest[]): Promise<void> {
    const { clock, disk, partitions, currentSegment, rollSegment } = this.#options;
    const full = currentSegment().bytes >= this.#options.segmentBytesMax;
    const segment = full || this.#mustRoll ? await rollSegment() : currentSegment();
    this.#mustRoll = false;
    const address = segment.base + segment.bytes;
    const group = encodeGroup(requests, partitions, address, clock.now());
    await disk.write(segment.fd, group.bytes, segment.bytes);
    try {
      await disk.sync(segment.fd);
    } catch (error) {
      // After a failed sync the kernel may have dropped the pages, so this file is not trusted again.
      this.#mustRoll = true;
      throw error;
    }
    this.#count(requests, group);
    this.#options.committed(segment, address, group);
  }

  #count(requests: readonly AppendRequest[], group: EncodedGroup): void {
    this.stats.groups += 1;
    this.stats.bytes += group.bytes.length;
    this.stats.events += requests.reduce((sum, request) => sum + request.messages.length, 0);
  }

  #fail(requests: readonly AppendRequest[], cause: unknown): void {
    this.stats.failures += 1;
    const message = "The hub's log cannot be written; sends are refused until it can.";
    const fault = new PenstockError("HUB_LOG_FAILED", message, { cause });
    this.#fault = fault;
    this.#options.failed(fault);
    const refused = this.#pending.splice(0);
    this.#pendingBytes = 0;
    for (const request of [...requests, ...refused]) request.done(fault);
    this.#repairLater();
  }

  #repairLater(): void {
    if (this.#isStopped) return;
    this.#repairTimer = this.#options.clock.after("hub log repair", REPAIR_INTERVAL_MS, () => {
      this.#repairing = this.#repair();
    });
  }

  /** Cuts the file back to what was synced; the next send then tries the disk anew. */
  async #repair(): Promise<void> {
    const { disk, currentSegment } = this.#options;
    const segment = currentSegment();
    try {
      await disk.truncate(segment.fd, segment.bytes);
      await disk.sync(segment.fd);
      this.#fault = undefined;
    } catch (error) {
      const message = "The hub's log cannot be cut back after a failed write.";
      this.#fault = new PenstockError("HUB_LOG_FAILED", message, { cause: error });
      this.#repairLater();
    }
  }
}
