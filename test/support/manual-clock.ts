/**
 * A clock that moves only when a test says so. Timers fire in the order of their due times, those
 * due at the same time in the order of their making; before the next one fires, everything that the
 * last one set going (promises, and the sleeps those start) has settled as far as it can without I/O.
 */
import { setImmediate as macrotask } from "node:timers/promises";
import type { Clock, SleepOptions, Timer } from "#core/clock.ts";

interface Entry {
  readonly name: string;
  readonly order: number;
  dueMs: number;
  readonly run: () => void;
  /** For a repeating timer. */
  readonly intervalMs?: number;
}

/** 2025-11-21T06:40:00Z: a round minute, so that window borders are easy to read in tests. */
export const MANUAL_CLOCK_START_MS = 1_763_707_200_000;

/** More firings than this in one `advance` mean a timer that re-arms itself without delay. */
const FIRINGS_MAX = 1_000_000;

export class ManualClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  #order = 0;
  readonly #entries = new Set<Entry>();

  constructor(nowMs: number = MANUAL_CLOCK_START_MS) {
    this.#wallMs = nowMs;
  }

  now(): number {
    return this.#wallMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  sleep(delayMs: number, options: SleepOptions): Promise<void> {
    const { name, signal } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(abortError(signal));
      const onAbort = (): void => {
        timer.cancel();
        reject(abortError(signal));
      };
      const timer = this.after(name, delayMs, () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  after(name: string, delayMs: number, run: () => void): Timer {
    return this.#add({ name, order: this.#order++, dueMs: this.#monotonicMs + delayMs, run });
  }

  every(name: string, intervalMs: number, run: () => void): Timer {
    // A real timer of 0 ms waits 1 ms as well; here it would never let time pass.
    const stepMs = Math.max(1, intervalMs);
    const dueMs = this.#monotonicMs + stepMs;
    return this.#add({ name, order: this.#order++, dueMs, run, intervalMs: stepMs });
  }

  /** Names of what waits, the soonest first: for assertions and for a test that hangs. */
  get waiting(): string[] {
    return [...this.#entries].toSorted(byDueTime).map((entry) => entry.name);
  }

  /** Milliseconds until the next timer fires; undefined when none waits. */
  get nextInMs(): number | undefined {
    const next = this.#next();
    return next && next.dueMs - this.#monotonicMs;
  }

  /** Lets both scales run for `durationMs`, and fires what falls due, up to its end and at it. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#monotonicMs + durationMs;
    await settle();
    for (let firings = 0; ; firings++) {
      const next = this.#next();
      if (!next || next.dueMs > untilMs) break;
      if (firings === FIRINGS_MAX) throw new Error(`timer "${next.name}" fires without end`);
      this.#moveTo(next.dueMs);
      this.#fire(next);
      await settle();
    }
    this.#moveTo(untilMs);
  }

  /** Steps the wall clock alone, as NTP or a technician does. Timers and durations do not notice. */
  stepWall(byMs: number): void {
    this.#wallMs += byMs;
  }

  /** Sets the wall clock alone. */
  setWall(nowMs: number): void {
    this.#wallMs = nowMs;
  }

  #add(entry: Entry): Timer {
    this.#entries.add(entry);
    return { cancel: () => void this.#entries.delete(entry) };
  }

  #next(): Entry | undefined {
    let next: Entry | undefined;
    for (const entry of this.#entries) {
      if (!next || byDueTime(entry, next) < 0) next = entry;
    }
    return next;
  }

  #fire(entry: Entry): void {
    if (entry.intervalMs === undefined) this.#entries.delete(entry);
    else entry.dueMs = this.#monotonicMs + entry.intervalMs;
    entry.run();
  }

  #moveTo(monotonicMs: number): void {
    const stepMs = Math.max(0, monotonicMs - this.#monotonicMs);
    this.#monotonicMs += stepMs;
    this.#wallMs += stepMs;
  }
}

function byDueTime(a: Entry, b: Entry): number {
  return a.dueMs - b.dueMs || a.order - b.order;
}

function abortError(signal: AbortSignal | undefined): Error {
  // The shape in which node:timers/promises rejects, which `isAbort` recognises.
  const error = new Error("The operation was aborted", { cause: signal?.reason });
  error.name = "AbortError";
  return error;
}

/** A turn of the event loop: every promise chain that needs no I/O has run to its end. */
async function settle(): Promise<void> {
  await macrotask();
}
