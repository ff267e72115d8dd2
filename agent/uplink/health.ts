/**
 * Which lanes fail, and why; and the alarms of what passes only when somebody acts. A failure must
 * last before it calls anybody: a token that is renewed a moment late is no alarm.
 */

import type { TrafficClass } from "#agent/buffer/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { Clock } from "#core/clock.ts";
import type { ErrorCode } from "#core/errors.ts";
import { GATEWAY_DEVICE } from "#core/own-names.ts";
import { needsOperator, type SendFailure } from "./send-failure.ts";

export const ALARM_AFTER_MS = 15_000;

/** A sentence for the shop floor, beside the code. */
const SENTENCES: Partial<Record<ErrorCode, string>> = {
  UPLINK_UNAUTHORIZED: "The cloud does not accept this gateway's key or identity",
  UPLINK_QUOTA_EXCEEDED: "The cloud's quota is used up",
  UPLINK_HUB_MISSING: "The event hub does not exist, or is disabled",
  UPLINK_TLS_FAILED: "The cloud's certificate is not valid for it, or the gateway's clock is wrong",
};

interface LaneFailure extends SendFailure {
  sinceMs: number;
  /** Wall clock. */
  since: number;
}

export interface UplinkError {
  code: ErrorCode;
  reason: string;
  /** Milliseconds since 1970. */
  since: number;
  /** How many lanes cannot send. */
  lanes: number;
}

export interface UplinkHealthOptions {
  clock: Clock;
  alarmAfterMs: number;
  onAlarm: (transition: AlarmTransition) => void;
}

export class UplinkHealth {
  readonly #options: UplinkHealthOptions;
  readonly #failing = new Map<string, LaneFailure>();
  readonly #alarms = new Map<ErrorCode, AlarmTransition>();
  #lastError: string | undefined;
  /** Sends that the hub took. */
  passed = 0;

  constructor(options: UplinkHealthOptions) {
    this.#options = options;
  }

  get isFailing(): boolean {
    return this.#failing.size > 0;
  }

  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** The failure that most lanes have. */
  get error(): UplinkError | undefined {
    const byCode = new Map<ErrorCode, UplinkError>();
    for (const { code, reason, since } of this.#failing.values()) {
      const known = byCode.get(code);
      if (known) known.lanes += 1;
      else byCode.set(code, { code, reason, since, lanes: 1 });
    }
    return [...byCode.values()].toSorted((a, b) => b.lanes - a.lanes)[0];
  }

  sent(lane: number, traffic: TrafficClass): void {
    this.passed += 1;
    if (this.#failing.delete(`${lane} ${traffic}`)) this.#clearAlarms();
  }

  /** The lane has nothing to send: what failed was put off, and is the backlog's matter now. */
  idle(lane: number, traffic: TrafficClass): void {
    if (this.#failing.delete(`${lane} ${traffic}`)) this.#clearAlarms();
  }

  failed(lane: number, traffic: TrafficClass, failure: SendFailure): void {
    const { clock } = this.#options;
    const key = `${lane} ${traffic}`;
    const known = this.#failing.get(key);
    const isSame = known?.code === failure.code;
    const sinceMs = isSame ? known.sinceMs : clock.monotonic();
    const since = isSame ? known.since : clock.now();
    this.#failing.set(key, { ...failure, sinceMs, since });
    this.#lastError = `${failure.code}: ${failure.reason}`;
    if (!isSame) this.#clearAlarms();
    if (clock.monotonic() - sinceMs >= this.#options.alarmAfterMs) this.#raise(failure);
  }

  /** A chunk was set aside: each such event is an alarm of its own, which nothing clears. */
  setAside(lane: number, seq: number, reason: string): void {
    this.#tell("UPLINK_REJECTED", `Lane ${lane}: chunk ${seq} was set aside: ${reason}.`);
  }

  #raise({ code, reason }: SendFailure): void {
    if (!needsOperator(code) || this.#alarms.has(code)) return;
    const sentence = SENTENCES[code] ?? "The cloud takes nothing";
    this.#alarms.set(code, this.#tell(code, `${sentence}; readings are kept here. ${reason}`));
  }

  #clearAlarms(): void {
    const codes = new Set([...this.#failing.values()].map(({ code }) => code));
    for (const [code, alarm] of this.#alarms) {
      if (codes.has(code)) continue;
      this.#alarms.delete(code);
      const ts = this.#options.clock.now();
      const id = `${alarm.id} cleared`;
      this.#options.onAlarm({ ...alarm, id, ts, state: "cleared", message: "The uplink works." });
    }
  }

  #tell(code: ErrorCode, message: string): AlarmTransition {
    const ts = this.#options.clock.now();
    const rule = code.toLowerCase().replaceAll("_", "-");
    const transition: AlarmTransition = {
      id: `${GATEWAY_DEVICE} ${rule} ${ts}`,
      device: GATEWAY_DEVICE,
      tag: "(uplink)",
      rule,
      state: "active",
      priority: "high",
      ts,
      value: 0,
      expected: 0,
      message,
    };
    this.#options.onAlarm(transition);
    return transition;
  }
}
