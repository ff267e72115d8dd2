/**
 * Keeps a device that does not answer from costing the others their rhythm. The first failure makes
 * it suspect: it is asked again at its next turn, but not waited for as long. The second opens the
 * breaker: its turns pass without using the bus, and only probes ask, less and less often, but
 * always again. Pure: time comes in as a number.
 */
import { type BackOffSchedule, backOff } from "#core/back-off.ts";
import type { Random } from "#core/random.ts";
import type { QualityReason } from "#core/reading.ts";

const PROBES: BackOffSchedule = { firstMs: 1000, maxMs: 30_000, jitter: 0.2 };

/** Every so many probes one waits the full time-out, for a device that became slow. */
const PATIENT_PROBE_EVERY = 4;

/** One failure may be chance, on a busy machine or line: people hear of it after a probe as well. */
const SILENT_AFTER_MS = 10_000;

export type BreakerState = "closed" | "suspect" | "open";

export class CircuitBreaker {
  readonly #random: Random;
  readonly #probeIntervalMinMs: number;
  #state: BreakerState = "closed";
  #reason: QualityReason = "timeout";
  #delays: Iterator<number, never, void>;
  #probeAtMs = 0;
  #probes = 0;
  #openedAtMs = 0;
  #hasProbeFailed = false;

  /**
   * @param probeIntervalMinMs a probe is never more frequent than the device's own polls
   */
  constructor(probeIntervalMinMs: number, random: Random) {
    this.#probeIntervalMinMs = probeIntervalMinMs;
    this.#random = random;
    this.#delays = backOff(PROBES, random);
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Why the last poll failed: the reason of the readings while the breaker is open. */
  get reason(): QualityReason {
    return this.#reason;
  }

  /** When the next probe may go; infinite while the breaker is not open. */
  get probeAtMs(): number {
    return this.#state === "open" ? this.#probeAtMs : Number.POSITIVE_INFINITY;
  }

  /** True when the next probe waits the device's full time-out. */
  get probeIsPatient(): boolean {
    return this.#probes % PATIENT_PROBE_EVERY === PATIENT_PROBE_EVERY - 1;
  }

  /** Open, and a probe has failed, too; or for so long that none had its turn on a crowded bus. */
  isSilent(nowMs: number): boolean {
    return (
      this.#state === "open" &&
      (this.#hasProbeFailed || nowMs - this.#openedAtMs >= SILENT_AFTER_MS)
    );
  }

  succeeded(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#delays = backOff(PROBES, this.#random);
    this.#probes = 0;
  }

  /**
   * @param hasAnswered false for a device that never did: it gets no second chance at once
   */
  failed(reason: QualityReason, nowMs: number, hasAnswered = true): void {
    this.#reason = reason;
    if (this.#state === "closed" && hasAnswered) {
      this.#state = "suspect";
      return;
    }
    this.#hasProbeFailed = this.#state === "open";
    if (this.#state === "open") this.#probes += 1;
    else this.#openedAtMs = nowMs;
    this.#state = "open";
    this.#probeAtMs = nowMs + Math.max(this.#probeIntervalMinMs, this.#delays.next().value);
  }

  /** An answer came after its request was given up: the device lives, but is slow. */
  answeredLate(nowMs: number): void {
    if (this.#state !== "open") return;
    this.#probes = PATIENT_PROBE_EVERY - 1;
    this.#probeAtMs = Math.min(this.#probeAtMs, nowMs);
  }

  /** The connection is new, and may have been what was wrong: the device is asked again soon. */
  reconnected(nowMs: number): void {
    if (this.#state === "open") this.#probeAtMs = Math.min(this.#probeAtMs, nowMs);
  }
}
