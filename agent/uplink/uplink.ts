/**
 * Sends the buffer's chunks to Event Hubs, lane by lane, live data and backlog side by side, and
 * tells the buffer what the hub has confirmed. A crash between confirmation and forgetting sends a
 * chunk twice: the sink drops the copy by its identity.
 */
import type { EventHubProducerClient } from "@azure/event-hubs";
import type { BufferReader, TrafficClass } from "#agent/buffer/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { Clock } from "#core/clock.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import { BacklogPace } from "./backlog-pace.ts";
import { UplinkCounters } from "./counters.ts";
import { ALARM_AFTER_MS, type UplinkError, UplinkHealth } from "./health.ts";
import { HubSender, SEND_TIMEOUT_MS } from "./hub-sender.ts";
import { LaneSender } from "./lane-sender.ts";

export interface UplinkOptions {
  /** A client that tries each operation once, within `timeoutMs`. */
  makeClient: (timeoutMs: number) => EventHubProducerClient;
  lingerMs: number;
  /** What the link can carry: the measure of the backlog's share. */
  bytesPerSecond: number;
  /** Of the bandwidth, for the backlog, 0..1. */
  backlogShare: number;
  buffer: BufferReader;
  clock: Clock;
  random: Random;
  log: Logger;
  /** For what somebody must mend: a key, a quota, a certificate. */
  onAlarm: (transition: AlarmTransition) => void;
  sendTimeoutMs?: number;
  alarmAfterMs?: number;
}

export interface UplinkStatus {
  /** `degraded`: some lanes, or only live data or only the backlog, cannot be sent. */
  state: "stopped" | "connecting" | "connected" | "degraded" | "failing";
  /** Why, while it fails or is degraded. */
  error?: UplinkError;
  events: number;
  chunks: number;
  readings: number;
  /** Of the readings, those that were sent late. */
  backlogReadings: number;
  /** Compressed bodies, without AMQP's own framing. */
  bytes: number;
  failures: number;
  setAside: number;
  renewals: number;
  lastError?: string;
  /** Milliseconds since 1970. */
  lastSentAt?: number;
}

const CLASSES: readonly TrafficClass[] = ["live", "backlog"];

export class Uplink {
  readonly #options: UplinkOptions;
  readonly #counters = new UplinkCounters();
  readonly #stopping = new AbortController();
  readonly #health: UplinkHealth;
  readonly #pace: BacklogPace;
  readonly #sender: HubSender;
  #running: Promise<unknown> | undefined;

  constructor(options: UplinkOptions) {
    const { clock, log, makeClient, buffer, bytesPerSecond, backlogShare: share } = options;
    this.#options = options;
    const { alarmAfterMs = ALARM_AFTER_MS, sendTimeoutMs = SEND_TIMEOUT_MS, onAlarm } = options;
    this.#health = new UplinkHealth({ clock, alarmAfterMs, onAlarm });
    const isFailing = (): boolean => this.#health.isFailing;
    this.#pace = new BacklogPace({ bytesPerSecond, share, isFailing, clock });
    const { gateway } = buffer;
    this.#sender = new HubSender({ makeClient, gateway, sendTimeoutMs, clock, log });
  }

  /** Begins to send. An unreachable hub is no error: the uplink goes on trying. */
  start(): void {
    const { buffer, clock, log } = this.#options;
    const limitedLog = new RateLimitedLog(log, clock);
    const senders = {
      live: this.#makeSenders("live", limitedLog),
      backlog: this.#makeSenders("backlog", limitedLog),
    };
    buffer.onReady((lane, traffic) => senders[traffic][lane]?.ready());
    const all = CLASSES.flatMap((traffic) => senders[traffic]);
    this.#running = Promise.all(all.map((lane) => lane.run()));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#pace.stop();
    await this.#running;
    await this.#sender.stop();
  }

  status(): UplinkStatus {
    const { events, chunks, readings, backlogReadings, bytes, failures, setAside, lastSentAt } =
      this.#counters;
    const { error, lastError } = this.#health;
    return {
      state: this.#state(error),
      ...(error && { error }),
      events,
      chunks,
      readings,
      backlogReadings,
      bytes,
      failures,
      setAside,
      renewals: this.#sender.renewals,
      ...(lastError !== undefined && { lastError }),
      ...(lastSentAt !== undefined && { lastSentAt }),
    };
  }

  #makeSenders(traffic: TrafficClass, log: RateLimitedLog): LaneSender[] {
    const { buffer, lingerMs, clock, random } = this.#options;
    return Array.from(
      { length: buffer.lanes },
      (_, lane) =>
        new LaneSender({
          lane,
          traffic,
          lingerMs,
          buffer,
          sender: this.#sender,
          pace: this.#pace,
          counters: this.#counters,
          health: this.#health,
          clock,
          random: random.fork(`${traffic} lane ${lane}`),
          log,
          signal: this.#stopping.signal,
        }),
    );
  }

  #state(error: UplinkError | undefined): UplinkStatus["state"] {
    const { lastSentAt, events } = this.#counters;
    if (!this.#running || this.#stopping.signal.aborted) return "stopped";
    if (!error) return events > 0 ? "connected" : "connecting";
    return (lastSentAt ?? Number.NEGATIVE_INFINITY) > error.since ? "degraded" : "failing";
  }
}
