/**
 * Sends the buffer's chunks to Event Hubs, lane by lane, and tells the buffer what the hub has
 * confirmed. A crash between confirmation and forgetting sends a chunk twice: the sink drops the
 * copy by its identity.
 */
import type { BufferReader } from "#agent/buffer/contract.ts";
import type { Clock } from "#core/clock.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import { UplinkCounters } from "./counters.ts";
import { HubSender } from "./hub-sender.ts";
import { LaneSender } from "./lane-sender.ts";

export interface UplinkOptions {
  connectionString: string;
  hub: string;
  lingerMs: number;
  buffer: BufferReader;
  clock: Clock;
  random: Random;
  log: Logger;
}

export interface UplinkStatus {
  state: "stopped" | "connecting" | "connected" | "failing";
  events: number;
  chunks: number;
  readings: number;
  /** Compressed bodies, without AMQP's own framing. */
  bytes: number;
  failures: number;
  renewals: number;
  lastError?: string;
  /** Milliseconds since 1970. */
  lastSentAt?: number;
}

export class Uplink {
  readonly #options: UplinkOptions;
  readonly #counters = new UplinkCounters();
  readonly #stopping = new AbortController();
  #sender: HubSender | undefined;
  #running: Promise<unknown> | undefined;

  constructor(options: UplinkOptions) {
    this.#options = options;
  }

  /** Begins to send. An unreachable hub is no error: the uplink goes on trying. */
  start(): void {
    const { buffer, lingerMs, clock, random, log, connectionString, hub } = this.#options;
    const sender = new HubSender({ connectionString, hub, gateway: buffer.gateway, clock, log });
    const limitedLog = new RateLimitedLog(log, clock);
    this.#sender = sender;
    const lanes = Array.from(
      { length: buffer.lanes },
      (_, lane) =>
        new LaneSender({
          lane,
          lingerMs,
          buffer,
          sender,
          counters: this.#counters,
          clock,
          random: random.fork(`lane ${lane}`),
          log: limitedLog,
          signal: this.#stopping.signal,
        }),
    );
    buffer.onReady((lane) => lanes[lane]?.ready());
    this.#running = Promise.all(lanes.map((lane) => lane.run()));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#sender?.stop();
  }

  status(): UplinkStatus {
    const { events, chunks, readings, bytes, failures, lastError, lastSentAt } = this.#counters;
    return {
      state: this.#state(),
      events,
      chunks,
      readings,
      bytes,
      failures,
      renewals: this.#sender?.renewals ?? 0,
      ...(lastError === undefined ? {} : { lastError }),
      ...(lastSentAt === undefined ? {} : { lastSentAt }),
    };
  }

  #state(): UplinkStatus["state"] {
    if (!this.#running || this.#stopping.signal.aborted) return "stopped";
    if (this.#counters.isFailing) return "failing";
    return this.#counters.events > 0 ? "connected" : "connecting";
  }
}
