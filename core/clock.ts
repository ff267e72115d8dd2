/**
 * All time passes through one clock, so that tests own it. Wall time may step (NTP, a technician);
 * durations are measured on the monotonic scale only.
 */
import { setTimeout as delay } from "node:timers/promises";

export interface Timer {
  cancel(): void;
}

export interface SleepOptions {
  /** Says in a debugger, or in a test's failure, who waits. */
  name: string;
  signal?: AbortSignal;
}

export interface Clock {
  /** Wall clock, in milliseconds since 1970. It may step either way. */
  now(): number;
  /** Milliseconds since an arbitrary origin; never steps back. */
  monotonic(): number;
  /** Resolves after `delayMs`; rejects with an `AbortError` when the signal fires first. */
  sleep(delayMs: number, options: SleepOptions): Promise<void>;
  /** Runs `run` once, after `delayMs`. */
  after(name: string, delayMs: number, run: () => void): Timer;
  /** Runs `run` every `intervalMs`; missed turns are not made up for. */
  every(name: string, intervalMs: number, run: () => void): Timer;
}

/** Node's timers fire at once when asked to wait longer (24.8 days); so they fire early instead. */
const TIMER_MS_MAX = 2 ** 31 - 1;

class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  async sleep(delayMs: number, options: SleepOptions): Promise<void> {
    await delay(
      Math.min(delayMs, TIMER_MS_MAX),
      undefined,
      options.signal ? { signal: options.signal } : {},
    );
  }

  after(_name: string, delayMs: number, run: () => void): Timer {
    const handle = setTimeout(run, Math.min(delayMs, TIMER_MS_MAX));
    return { cancel: () => clearTimeout(handle) };
  }

  every(_name: string, intervalMs: number, run: () => void): Timer {
    const handle = setInterval(run, Math.min(intervalMs, TIMER_MS_MAX));
    return { cancel: () => clearInterval(handle) };
  }
}

export const systemClock: Clock = new SystemClock();
