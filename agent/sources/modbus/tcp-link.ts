/**
 * Keeps a connection to a Modbus server: opens it, notices that it is dead or out of step, and
 * opens it anew by back-off, for ever. While there is none, requests end at once.
 */
import { backOff } from "#core/back-off.ts";
import type { Clock } from "#core/clock.ts";
import { isAbort, messageOf, systemCodeOf } from "#core/errors.ts";
import type { RateLimitedLog } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import type { ModbusLink, ReadOutcome, ReadRequest } from "./link.ts";
import { openConnection, type TcpConnection } from "./tcp-connection.ts";

/** So many requests in a row without any answer: the connection is half open, or out of step. */
const TIMEOUTS_IN_A_ROW_MAX = 3;

/** So many stray frames since the last answer: the peer talks without end. */
const STRAYS_IN_A_ROW_MAX = 100;

const REOPEN = { firstMs: 100, maxMs: 5000 };

export interface TcpLinkOptions {
  host: string;
  port: number;
  connectTimeoutMs: number;
  clock: Clock;
  random: Random;
  log: RateLimitedLog;
  onStray: (unit: number | undefined) => void;
  /** A connection was opened, the first or another. */
  onOpen: () => void;
}

export interface LinkCounters {
  connects: number;
  connectFailures: number;
  disconnects: number;
  strayFrames: number;
}

export class TcpLink implements ModbusLink {
  readonly counters: LinkCounters = {
    connects: 0,
    connectFailures: 0,
    disconnects: 0,
    strayFrames: 0,
  };
  readonly #options: TcpLinkOptions;
  readonly #stopping = new AbortController();
  #connection: TcpConnection | undefined;
  #running: Promise<void> | undefined;
  #delays: Iterator<number, never, void>;
  #timeoutsInARow = 0;
  #straysInARow = 0;
  #lastError: string | undefined;

  constructor(options: TcpLinkOptions) {
    this.#options = options;
    this.#delays = backOff(REOPEN, options.random);
  }

  get isOpen(): boolean {
    return this.#connection?.isOpen ?? false;
  }

  /** Why there is no connection. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Resolves after the first attempt, whatever came of it. */
  async start(): Promise<void> {
    const first = this.#open();
    this.#running = this.#keepOpen(first);
    await first;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#connection?.close("stopped");
    await this.#running;
  }

  async read(request: ReadRequest, timeoutMs: number): Promise<ReadOutcome> {
    const connection = this.#connection;
    if (!connection) return { kind: "disconnected" };
    const outcome = await connection.read(request, timeoutMs);
    this.#judge(connection, outcome);
    return outcome;
  }

  /** An answer proves the connection; silence and nonsense speak against it. */
  #judge(connection: TcpConnection, outcome: ReadOutcome): void {
    if (outcome.kind === "answer" || outcome.kind === "exception") {
      this.#timeoutsInARow = 0;
      this.#straysInARow = 0;
      this.#delays = backOff(REOPEN, this.#options.random);
    }
    if (outcome.kind === "timeout") this.#timeoutsInARow += 1;
    if (outcome.kind === "malformed") connection.close("an answer was malformed");
    if (this.#timeoutsInARow >= TIMEOUTS_IN_A_ROW_MAX) connection.close("nobody answers");
    if (connection.isUsedUp) connection.close("transaction ids used up");
  }

  async #keepOpen(first: Promise<void>): Promise<void> {
    await first;
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      if (this.#connection) await this.#ended(this.#connection);
      try {
        await clock.sleep(this.#delays.next().value, { name: "modbus reconnect", signal });
      } catch (error) {
        if (isAbort(error)) return;
        throw error;
      }
      await this.#open();
    }
  }

  async #open(): Promise<void> {
    const { host, port, log } = this.#options;
    try {
      this.#connection = await openConnection({
        ...this.#options,
        signal: this.#stopping.signal,
        onStray: (unit) => this.#stray(unit),
      });
      this.counters.connects += 1;
      this.#lastError = undefined;
      this.#timeoutsInARow = 0;
      this.#straysInARow = 0;
      this.#options.onOpen();
    } catch (error) {
      this.#connection = undefined;
      if (this.#stopping.signal.aborted) return;
      this.counters.connectFailures += 1;
      this.#lastError = systemCodeOf(error) ?? messageOf(error);
      log.warn("connect", { host, port, err: this.#lastError }, "cannot connect to Modbus server");
    }
  }

  async #ended(connection: TcpConnection): Promise<void> {
    const why = await connection.closed;
    this.#connection = undefined;
    this.#lastError = why;
    this.counters.disconnects += 1;
    const { host, port, log } = this.#options;
    if (this.#stopping.signal.aborted) return;
    log.warn("disconnect", { host, port, err: why }, "connection to Modbus server ended");
  }

  #stray(unit: number | undefined): void {
    this.counters.strayFrames += 1;
    this.#straysInARow += 1;
    this.#options.onStray(unit);
    if (this.#straysInARow >= STRAYS_IN_A_ROW_MAX) this.#connection?.close("too many stray frames");
  }
}
