/**
 * Sends one lane: one event under way at a time, so that the lane's order holds. After a failure
 * the same chunks go again, later; after "too large" fewer of them at once.
 */
import type { BufferReader, StoredChunk } from "#agent/buffer/contract.ts";
import { backOff } from "#core/back-off.ts";
import type { Clock } from "#core/clock.ts";
import { isAbort } from "#core/errors.ts";
import type { RateLimitedLog } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import type { UplinkCounters } from "./counters.ts";
import type { HubSender } from "./hub-sender.ts";

export interface LaneSenderOptions {
  lane: number;
  lingerMs: number;
  buffer: BufferReader;
  sender: HubSender;
  counters: UplinkCounters;
  clock: Clock;
  random: Random;
  log: RateLimitedLog;
  signal: AbortSignal;
}

/** Lines of JSON shrink to a tenth in gzip; the hub's limit is 1 MiB, and 256 KiB in its basic tier. */
const EVENT_LINE_BYTES_MAX = 512 * 1024;
const RETRY_SCHEDULE = { firstMs: 100, maxMs: 10_000 };

export class LaneSender {
  readonly #options: LaneSenderOptions;
  #isReady = true;
  #wake: (() => void) | undefined;
  #lineBytesMax = EVENT_LINE_BYTES_MAX;

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
    const { signal, clock, lingerMs, buffer, lane } = this.#options;
    try {
      let wasFull = false;
      while (!signal.aborted) {
        await this.#untilReady();
        // A full event shows that there is a backlog: waiting would only lengthen it.
        if (lingerMs > 0 && !wasFull)
          await clock.sleep(lingerMs, { name: "uplink linger", signal });
        this.#isReady = false;
        const chunks = buffer.take(lane, this.#lineBytesMax);
        if (chunks.length === 0) continue;
        wasFull = lineBytes(chunks) >= this.#lineBytesMax / 2;
        await this.#deliver(chunks);
        this.#isReady = true;
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

  /** Ends when the chunks are settled, given back, or cut smaller. */
  async #deliver(chunks: readonly StoredChunk[]): Promise<void> {
    const { sender, buffer, signal, clock, random, counters, log, lane } = this.#options;
    for (const delayMs of backOff(RETRY_SCHEDULE, random)) {
      const outcome = await sender.send(chunks, signal);
      switch (outcome.kind) {
        case "sent":
          buffer.confirm(chunks);
          this.#lineBytesMax = EVENT_LINE_BYTES_MAX;
          return counters.sent(chunks, outcome.bytes, clock.now());
        case "too-large":
          return this.#cutSmaller(chunks);
        case "failed":
          if (signal.aborted) return buffer.giveBack(chunks);
          counters.failed(outcome.reason);
          log.warn(
            "send failed",
            { lane, reason: outcome.reason },
            "the hub did not take an event",
          );
          await this.#pause(delayMs, chunks);
      }
    }
  }

  async #pause(delayMs: number, chunks: readonly StoredChunk[]): Promise<void> {
    const { clock, buffer, signal } = this.#options;
    try {
      await clock.sleep(delayMs, { name: "uplink retry", signal });
    } catch (error) {
      buffer.giveBack(chunks);
      throw error;
    }
  }

  #cutSmaller(chunks: readonly StoredChunk[]): void {
    const { buffer, counters } = this.#options;
    const [only, second] = chunks;
    if (only && !second) {
      counters.failed("a chunk is larger than the hub's limit");
      return buffer.dismiss(only, "larger than the hub's limit");
    }
    this.#lineBytesMax = Math.ceil(this.#lineBytesMax / 2);
    buffer.giveBack(chunks);
  }
}

function lineBytes(chunks: readonly StoredChunk[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.line.length, 0);
}
