/**
 * Which messages are stored, or being stored: a device that sends one again is answered with the
 * fate of the first. The fingerprints are written in their segment's batch and outlive it.
 */
import type { AcceptOutcome } from "#agent/sources/contract.ts";
import type { Clock } from "#core/clock.ts";
import type { BufferDatabase } from "./database.ts";
import { FINGERPRINT_BYTES, FingerprintWindow } from "./fingerprint-window.ts";
import { runningAges } from "./running-ages.ts";
import { isSeenRecord, SEEN_TIME_BYTES } from "./seen-record.ts";

/** About 60 MB of tables at the most; beyond it the window is cut short, and counted. */
const ENTRIES_MAX = 2 ** 21;

export interface MessageMemoryOptions {
  database: BufferDatabase;
  windowMs: number;
  clock: Clock;
}

export class MessageMemory {
  readonly #options: MessageMemoryOptions;
  readonly #window: FingerprintWindow;
  readonly #pending = new Map<string, Promise<AcceptOutcome>>();
  /** Which segment was next at which time: older records than the window are deleted by it. */
  #marks: { atMs: number; segment: number }[] = [];
  #clearedTo = 0;

  constructor(options: MessageMemoryOptions) {
    this.#options = options;
    this.#window = new FingerprintWindow({ ...options, entriesMax: ENTRIES_MAX });
  }

  /**
   * Reads what the last run stored, up to a window before its end. How long that end is ago, the wall
   * clock cannot be trusted to tell: and a device sends again, too, after an outage of the gateway.
   */
  async load(nextSegment: number): Promise<void> {
    const { database, clock } = this.#options;
    const firstKept = await this.#firstWithinWindow();
    for await (const { number, bytes } of database.seen()) {
      if (number < firstKept || !isSeenRecord(bytes)) continue;
      for (let at = SEEN_TIME_BYTES; at < bytes.length; at += FINGERPRINT_BYTES) {
        this.#window.add(bytes.subarray(at, at + FINGERPRINT_BYTES));
      }
    }
    await this.#clear(firstKept);
    this.#marks = [{ atMs: clock.monotonic(), segment: nextSegment }];
  }

  find(fingerprint: Uint8Array): Promise<AcceptOutcome> | undefined {
    const pending = this.#pending.get(keyOf(fingerprint));
    if (pending) return pending.then(() => "duplicate");
    return this.#window.has(fingerprint) ? Promise.resolve("duplicate") : undefined;
  }

  /** The message is in the open segment: copies wait for its commit. */
  storing(fingerprint: Uint8Array, outcome: Promise<AcceptOutcome>): void {
    this.#pending.set(keyOf(fingerprint), outcome);
  }

  stored(fingerprints: readonly Uint8Array[]): void {
    for (const fingerprint of fingerprints) {
      this.#window.add(fingerprint);
      this.#pending.delete(keyOf(fingerprint));
    }
  }

  abandoned(fingerprints: readonly Uint8Array[]): void {
    for (const fingerprint of fingerprints) this.#pending.delete(keyOf(fingerprint));
  }

  /** The record that goes into the segment's batch: the time, then the fingerprints. */
  record(fingerprints: readonly Uint8Array[]): Buffer | undefined {
    if (fingerprints.length === 0) return undefined;
    const record = Buffer.allocUnsafe(SEEN_TIME_BYTES + fingerprints.length * FINGERPRINT_BYTES);
    let at = record.writeDoubleBE(this.#options.clock.now(), 0);
    for (const fingerprint of fingerprints) {
      record.set(fingerprint.subarray(0, FINGERPRINT_BYTES), at);
      at += FINGERPRINT_BYTES;
    }
    return record;
  }

  /** Deletes the records of segments that are older than the window. */
  async expire(nextSegment: number): Promise<void> {
    const { clock, windowMs } = this.#options;
    const nowMs = clock.monotonic();
    this.#marks.push({ atMs: nowMs, segment: nextSegment });
    const isOld = (mark: { atMs: number }): boolean => nowMs - mark.atMs > windowMs;
    const last = this.#marks.findLast(isOld);
    if (!last) return;
    this.#marks = this.#marks.filter((mark) => !isOld(mark));
    await this.#clear(last.segment);
  }

  /** The first segment whose record is no older than the window, as of the newest record. */
  async #firstWithinWindow(): Promise<number> {
    const { database, windowMs } = this.#options;
    const numbers: number[] = [];
    const stampsMs: number[] = [];
    for await (const { number, bytes } of database.seen()) {
      if (!isSeenRecord(bytes)) continue;
      numbers.push(number);
      stampsMs.push(bytes.readDoubleBE(0));
    }
    const first = runningAges(stampsMs).findIndex((ageMs) => ageMs <= windowMs);
    return numbers[first] ?? 0;
  }

  async #clear(to: number): Promise<void> {
    if (to <= this.#clearedTo) return;
    await this.#options.database.clearSeen(this.#clearedTo, to);
    this.#clearedTo = to;
  }
}

function keyOf(fingerprint: Uint8Array): string {
  return Buffer.from(fingerprint.buffer, fingerprint.byteOffset, FINGERPRINT_BYTES).toString(
    "latin1",
  );
}
