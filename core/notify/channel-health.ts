/**
 * How a channel fares: for `notify ls`, and for the alarm that it fails. A failure that is over after
 * half a minute was a restart of the other side; one that refuses a notice is told at once.
 */
import type { AlarmTransition } from "../alarm.ts";
import type { Clock } from "../clock.ts";
import type { DeliveryFailed } from "./contract.ts";
import { failingAlarm } from "./failing-alarm.ts";

const GRACE_MS = 30_000;

export interface HealthOptions {
  /** `GATEWAY_DEVICE` or `SINK`: whose alarm it is. */
  readonly device: string;
  readonly address: string;
  /** The alarm stands from an earlier run. */
  readonly isAlarmed: boolean;
  readonly clock: Clock;
  readonly onAlarm: (transition: AlarmTransition) => void;
}

export interface HealthStatus {
  /** Milliseconds since 1970; null for never since the start. So below. */
  readonly lastSuccess: number | null;
  readonly lastFailure: number | null;
  readonly lastError: string | null;
  /** Since the last success. */
  readonly failuresInARow: number;
  readonly delivered: number;
  readonly failed: number;
}

export class ChannelHealth {
  readonly #options: HealthOptions;
  #isAlarmed: boolean;
  #failingSinceMs: number | undefined;
  #lastSuccess: number | null = null;
  #lastFailure: number | null = null;
  #lastError: string | null = null;
  #failuresInARow = 0;
  #delivered = 0;
  #failed = 0;

  constructor(options: HealthOptions) {
    this.#options = options;
    this.#isAlarmed = options.isAlarmed;
  }

  get failuresInARow(): number {
    return this.#failuresInARow;
  }

  succeeded(): void {
    const { device, address, clock, onAlarm } = this.#options;
    this.#lastSuccess = clock.now();
    this.#delivered += 1;
    this.#failuresInARow = 0;
    this.#failingSinceMs = undefined;
    if (!this.#isAlarmed) return;
    this.#isAlarmed = false;
    onAlarm(failingAlarm(device, address, undefined, clock.now()));
  }

  failedWith(error: DeliveryFailed): void {
    const { device, address, clock, onAlarm } = this.#options;
    this.#lastFailure = clock.now();
    this.#lastError = error.message;
    this.#failed += 1;
    this.#failuresInARow += 1;
    this.#failingSinceMs ??= clock.monotonic();
    const lastedMs = clock.monotonic() - this.#failingSinceMs;
    if (this.#isAlarmed || (error.isTransient && lastedMs < GRACE_MS)) return;
    this.#isAlarmed = true;
    onAlarm(failingAlarm(device, address, error.message, clock.now()));
  }

  status(): HealthStatus {
    return {
      lastSuccess: this.#lastSuccess,
      lastFailure: this.#lastFailure,
      lastError: this.#lastError,
      failuresInARow: this.#failuresInARow,
      delivered: this.#delivered,
      failed: this.#failed,
    };
  }
}
