/**
 * Sends one lane's live data, or its backlog: one event under way at a time, so that the order
 * holds. After a failure the chunks are given back and taken again later: what was live may be
 * backlog by then. After "too large", or a refusal that speaks of the event, fewer go at once, until
 * the chunk at fault is alone; it is set aside when that is proven.
 */
import type { BufferReader, StoredChunk, TrafficClass } from "#agent/buffer/contract.ts";
import { backOff } from "#core/back-off.ts";
import type { Clock } from "#core/clock.ts";
import { type ErrorCode, isAbort } from "#core/errors.ts";
import type { RateLimitedLog } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import type { BacklogPace } from "./backlog-pace.ts";
import type { UplinkCounters } from "./counters.ts";
import type { UplinkHealth } from "./health.ts";
import type { Sender } from "./hub-sender.ts";
import { type SendFailure, type SendOutcome, scheduleOf } from "./send-failure.ts";
import { STRIKES_MAX, Suspicion } from "./suspicion.ts";

export interface LaneSenderOptions {
  lane: number;
  traffic: TrafficClass;
  lingerMs: number;
  buffer: BufferReader;
  sender: Sender;
  pace: BacklogPace;
  counters: UplinkCounters;
  health: UplinkHealth;
  clock: Clock;
  random: Random;
  log: RateLimitedLog;
  signal: AbortSignal;
}

/** Lines of JSON shrink to a tenth in gzip; the hub's limit is 1 MiB, and 256 KiB in its basic tier. */
const EVENT_LINE_BYTES_MAX = 512 * 1024;

export class LaneSender {
  readonly #options: LaneSenderOptions;
  readonly #suspicion = new Suspicion();
  #isReady = true;
  /** A full event shows that more waits: to linger would only lengthen the queue. */
  #wasFull = false;
  #wake: (() => void) | undefined;
  #lineBytesMax = EVENT_LINE_BYTES_MAX;
  #retries: { code: ErrorCode; delays: Generator<number, never, void> } | undefined;

  constructor(options: LaneSenderOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", () => this.ready(), { once: true });
  }

  /** The lane may have something to send. */
  ready(): void {
    this.#isReady = true;
    this.#wake?.();
  }

  /** Runs until the signal fires; what is under way then stays in the buffer. */
  async run(): Promise<void> {
    const { signal, traffic } = this.#options;
    try {
      while (!signal.aborted) {
        await this.#untilReady();
        await (traffic === "live" ? this.#sendLive() : this.#sendBacklog());
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }

  async #untilReady(): Promise<void> {
    if (this.#isReady) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  async #sendLive(): Promise<void> {
    const { clock, lingerMs, signal, pace } = this.#options;
    if (lingerMs > 0 && !this.#wasFull) {
      await clock.sleep(lingerMs, { name: "uplink linger", signal });
    }
    const chunks = this.#take(this.#lineBytesMax);
    this.#wasFull = lineBytes(chunks) >= this.#lineBytesMax / 2;
    if (chunks.length === 0) return;
    const outcome = await this.#send(chunks);
    if (outcome.kind === "sent") pace.liveSent(outcome.bytes);
    await this.#conclude(chunks, outcome);
  }

  async #sendBacklog(): Promise<void> {
    const { pace } = this.#options;
    if (!(await pace.turn())) return;
    const chunks = this.#take(Math.min(this.#lineBytesMax, pace.eventLineBytes));
    if (chunks.length === 0) return pace.ended(0, 0);
    const outcome = await this.#send(chunks);
    pace.ended(outcome.kind === "sent" ? outcome.bytes : 0, lineBytes(chunks));
    await this.#conclude(chunks, outcome);
  }

  #take(bytesMax: number): readonly StoredChunk[] {
    const { buffer, lane, traffic, signal, health } = this.#options;
    this.#isReady = false;
    if (signal.aborted) return [];
    const chunks = buffer.take(lane, traffic, bytesMax);
    if (chunks.length === 0) health.idle(lane, traffic);
    return chunks;
  }

  async #send(chunks: readonly StoredChunk[]): Promise<SendOutcome> {
    const { sender, signal, buffer, lane, traffic } = this.#options;
    const owedFrom = buffer.owedFrom(lane, chunks[0]?.epoch ?? "");
    return await sender.send({ chunks, traffic, owedFrom }, signal);
  }

  /** Ends when the chunks are settled, or given back and it is time to take them again. */
  async #conclude(chunks: readonly StoredChunk[], outcome: SendOutcome): Promise<void> {
    this.#isReady = true;
    switch (outcome.kind) {
      case "sent":
        this.#lineBytesMax = EVENT_LINE_BYTES_MAX;
        this.#retries = undefined;
        return this.#settle(chunks, outcome.bytes);
      case "too-large":
        return await this.#cutSmaller(chunks, "it is larger than the hub's limit");
      case "failed":
        return await this.#fail(chunks, outcome);
    }
  }

  #settle(chunks: readonly StoredChunk[], bytes: number): void {
    const { buffer, counters, health, clock, lane, traffic } = this.#options;
    buffer.confirm(chunks);
    counters.sent(traffic, chunks, bytes, clock.now());
    health.sent(lane, traffic);
  }

  async #fail(chunks: readonly StoredChunk[], failure: SendFailure): Promise<void> {
    const { buffer, signal, counters, health, log, lane, traffic } = this.#options;
    if (signal.aborted) return buffer.giveBack(chunks);
    const { code, reason } = failure;
    counters.failures += 1;
    health.failed(lane, traffic, failure);
    log.warn("send failed", { lane, traffic, code, reason }, "the hub did not take an event");
    if (failure.isAboutEvent) await this.#suspect(chunks, reason);
    else buffer.giveBack(chunks);
    await this.#pause(code);
  }

  async #pause(code: ErrorCode): Promise<void> {
    const { clock, random, signal } = this.#options;
    if (this.#retries?.code !== code) {
      this.#retries = { code, delays: backOff(scheduleOf(code), random) };
    }
    await clock.sleep(this.#retries.delays.next().value, { name: "uplink retry", signal });
  }

  /** The hub refused these chunks for what they are. */
  async #suspect(chunks: readonly StoredChunk[], reason: string): Promise<void> {
    const { buffer, health } = this.#options;
    const [only, second] = chunks;
    if (!only || second) return await this.#cutSmaller(chunks, reason);
    switch (this.#suspicion.strike(only, health.passed)) {
      case "proven":
        return await this.#setAside(
          only,
          `refused ${STRIKES_MAX} times while others passed: ${reason}`,
        );
      case "try another":
        await this.#tryNext();
        return buffer.giveBack(chunks);
      case "try again":
        return buffer.giveBack(chunks);
    }
  }

  /** Sends what follows the suspect, which is held meanwhile: does the hub take anything at all? */
  async #tryNext(): Promise<void> {
    const { buffer, lane, traffic } = this.#options;
    const next = buffer.take(lane, traffic, 1);
    if (next.length === 0) return;
    const outcome = await this.#send(next);
    if (outcome.kind === "sent") this.#settle(next, outcome.bytes);
    else buffer.giveBack(next);
  }

  async #cutSmaller(chunks: readonly StoredChunk[], reason: string): Promise<void> {
    const [only, second] = chunks;
    if (only && !second) return await this.#setAside(only, reason);
    this.#lineBytesMax = Math.ceil(lineBytes(chunks) / 2);
    this.#options.buffer.giveBack(chunks);
  }

  async #setAside(chunk: StoredChunk, reason: string): Promise<void> {
    const { buffer, counters, health, lane } = this.#options;
    counters.setAside += 1;
    await buffer.dismiss(chunk, reason);
    health.setAside(lane, chunk.seq, reason);
    this.#lineBytesMax = EVENT_LINE_BYTES_MAX;
  }
}

function lineBytes(chunks: readonly StoredChunk[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.line.length, 0);
}
