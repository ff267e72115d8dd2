/**
 * Keeps a wire to Modbus devices: opens it, notices that it is dead or out of step, and opens it
 * anew by back-off, for ever. While there is none, requests end at once.
 */
import { backOff } from "#core/back-off.ts";
import type { Clock } from "#core/clock.ts";
import { isAbort, messageOf, PenstockError, systemCodeOf } from "#core/errors.ts";
import type { RateLimitedLog } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import { Connection } from "./connection.ts";
import type { GuestLink, ModbusLink, ReadOutcome, ReadRequest } from "./link.ts";
import { NoiseWatch } from "./noise-watch.ts";
import type { OpenWire, Wire } from "./wire.ts";

/** So many requests in a row without any answer: the connection is half open, or out of step. */
const TIMEOUTS_IN_A_ROW_MAX = 3;

/** So many stray frames since the last answer: the peer talks without end. */
const STRAYS_IN_A_ROW_MAX = 100;

/** So many connections in a row that the peer ended without an answer: it does not want us. */
const REFUSALS_IN_A_ROW_MAX = 3;

const NOTHING = new Uint8Array();

const REOPEN = { firstMs: 100, maxMs: 5000 };

export interface WireLinkOptions {
  /** Where the wire leads, for messages: `192.168.10.20:502`. */
  where: string;
  open: OpenWire;
  /** Between an answer and the next request. */
  pauseMs: number;
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

export class WireLink implements ModbusLink {
  readonly noise = new NoiseWatch();
  readonly counters: LinkCounters = {
    connects: 0,
    connectFailures: 0,
    disconnects: 0,
    strayFrames: 0,
  };
  readonly #options: WireLinkOptions;
  readonly #stopping = new AbortController();
  #connection: Connection | undefined;
  #running: Promise<void> | undefined;
  #delays: Iterator<number, never, void>;
  #timeoutsInARow = 0;
  #straysInARow = 0;
  #refusalsInARow = 0;
  #freeAtMs = 0;
  #whyDead: string | undefined;
  /** This end closed the connection, and not the peer. */
  #hasClosed = false;
  #lastError: string | undefined;

  constructor(options: WireLinkOptions) {
    this.#options = options;
    this.#delays = backOff(REOPEN, options.random);
  }

  get isOpen(): boolean {
    return this.#connection?.isOpen ?? false;
  }

  /**
   * Set when the last attempt to open it failed, or the peer ends every connection without an answer.
   * One that was lost a moment ago, or is opened anew because nobody answers on it, is not dead.
   */
  get whyDead(): string | undefined {
    return this.#whyDead;
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
    this.#connection?.wire.close("stopped");
    await this.#running;
  }

  read(request: ReadRequest, timeoutMs: number): Promise<ReadOutcome> {
    const { unit, pauseMs } = request;
    return this.#ask(unit, (connection) => connection.read(request, timeoutMs), "poll", pauseMs);
  }

  /** For the requests of commands: a unit that is not there says nothing about the connection. */
  get guest(): GuestLink {
    const isOpen = (): boolean => this.isOpen;
    return {
      get isOpen(): boolean {
        return isOpen();
      },
      read: (request, timeoutMs) =>
        this.#ask(request.unit, (connection) => connection.read(request, timeoutMs), "guest"),
      write: (request, timeoutMs) =>
        this.#ask(request.unit, (connection) => connection.write(request, timeoutMs), "guest"),
    };
  }

  async #ask(
    unit: number,
    send: (connection: Connection) => Promise<ReadOutcome>,
    from: "poll" | "guest",
    pauseMs = this.#options.pauseMs,
  ): Promise<ReadOutcome> {
    await this.#pause();
    const connection = this.#connection;
    if (!connection) return { kind: "disconnected" };
    const outcome = await send(connection);
    const restMs = Math.max(pauseMs, connection.restMs(unit));
    this.#freeAtMs = this.#options.clock.monotonic() + restMs;
    const isAnswered = outcome.kind === "answer" || outcome.kind === "exception";
    if (outcome.kind !== "owed") this.noise.ended(isAnswered, connection.wire.heard?.() ?? NOTHING);
    if (from === "poll" || outcome.kind !== "timeout") this.#judge(connection, outcome);
    return outcome;
  }

  /** Some devices need a rest after their answer, and RTU a silence of 3.5 characters. */
  async #pause(): Promise<void> {
    const { clock } = this.#options;
    const restMs = this.#freeAtMs - clock.monotonic();
    if (restMs > 0) await clock.sleep(restMs, { name: "modbus pause" });
  }

  /** An answer proves the connection; silence and nonsense speak against it. */
  #judge({ wire, isUsedUp }: Connection, outcome: ReadOutcome): void {
    if (outcome.kind === "answer" || outcome.kind === "exception") {
      this.#timeoutsInARow = 0;
      this.#straysInARow = 0;
      this.#refusalsInARow = 0;
      this.#whyDead = undefined;
      this.#delays = backOff(REOPEN, this.#options.random);
    }
    if (outcome.kind === "malformed") this.#close(wire, "an answer was malformed");
    if (isUsedUp) this.#close(wire, "transaction ids used up");
    if (outcome.kind !== "timeout") return;
    this.#timeoutsInARow += 1;
    const isSilent = this.#timeoutsInARow >= TIMEOUTS_IN_A_ROW_MAX;
    if (isSilent && wire.isRenewable) this.#close(wire, "nobody answers");
  }

  #close(wire: Wire, why: string): void {
    this.#hasClosed = true;
    wire.close(why);
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
    const { open, clock, where, log } = this.#options;
    try {
      const wire = await open(this.#stopping.signal);
      this.#connection = new Connection({ wire, clock, onStray: (unit) => this.#stray(unit) });
      if (this.#stopping.signal.aborted) wire.close("stopped");
      this.counters.connects += 1;
      this.#lastError = undefined;
      const isRefused = this.#refusalsInARow >= REFUSALS_IN_A_ROW_MAX;
      this.#whyDead = isRefused ? "it ends every connection without an answer" : undefined;
      this.#hasClosed = false;
      this.#timeoutsInARow = 0;
      this.#straysInARow = 0;
      this.#options.onOpen();
    } catch (error) {
      this.#connection = undefined;
      if (this.#stopping.signal.aborted) return;
      this.counters.connectFailures += 1;
      this.#lastError = reasonOf(error);
      this.#whyDead = this.#lastError;
      log.warn("connect", { where, err: this.#lastError }, "cannot reach Modbus devices");
    }
  }

  async #ended(connection: Connection): Promise<void> {
    const why = await connection.wire.closed;
    this.#connection = undefined;
    this.#lastError = why;
    this.counters.disconnects += 1;
    if (!this.#hasClosed) this.#refusalsInARow += 1;
    const { where, log } = this.#options;
    if (this.#stopping.signal.aborted) return;
    log.warn("disconnect", { where, err: why }, "the way to Modbus devices was lost");
  }

  #stray(unit: number | undefined): void {
    this.counters.strayFrames += 1;
    this.#straysInARow += 1;
    this.#options.onStray(unit);
    if (this.#straysInARow < STRAYS_IN_A_ROW_MAX || !this.#connection?.wire.isRenewable) return;
    this.#close(this.#connection.wire, "too many stray frames");
  }
}

/** Our own errors explain themselves; of the system's the code says most. */
function reasonOf(error: unknown): string {
  if (error instanceof PenstockError) return error.message;
  return systemCodeOf(error) ?? messageOf(error);
}
