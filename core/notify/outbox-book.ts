/**
 * Writes what became of the notices. Writing is not waited for: a disk that fails must not keep an
 * alarm from anybody. What could not be written is written with what comes next; a process that ends
 * before tells those notices again, with the same ids.
 */
import { backOff } from "../back-off.ts";
import type { Clock } from "../clock.ts";
import { isAbort, messageOf } from "../errors.ts";
import type { RateLimitedLog } from "../log.ts";
import type { Random } from "../random.ts";
import type { OutboxWrite } from "./contract.ts";

const AGAIN = { firstMs: 1000, maxMs: 60_000 };
/** More than this is forgotten, oldest first: then more is told again after a crash. */
const UNWRITTEN_MAX = 10_000;

export interface OutboxBookOptions {
  readonly commit: (write: OutboxWrite) => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: RateLimitedLog;
}

export class OutboxBook {
  readonly #options: OutboxBookOptions;
  readonly #stopping = new AbortController();
  #unwritten: OutboxWrite[] = [];
  #writing: Promise<void> | undefined;

  constructor(options: OutboxBookOptions) {
    this.#options = options;
  }

  enter(write: Partial<OutboxWrite>): void {
    const { outbox = [], outboxDone = [], journal = [] } = write;
    this.#unwritten.push({ outbox, outboxDone, journal });
    if (this.#unwritten.length > UNWRITTEN_MAX) this.#unwritten.shift();
    this.#writing ??= this.#write();
  }

  /** Waits for what is being written; tries what could not be written once more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#writing;
  }

  async #write(): Promise<void> {
    const { clock, random, log } = this.#options;
    const delays = backOff(AGAIN, random);
    while (this.#unwritten.length > 0) {
      const taken = this.#unwritten;
      this.#unwritten = [];
      try {
        await this.#options.commit(merged(taken));
        continue;
      } catch (error) {
        log.warn("outbox", { err: messageOf(error) }, "what became of notices cannot be written");
        this.#unwritten = [...taken, ...this.#unwritten].slice(-UNWRITTEN_MAX);
      }
      if (this.#stopping.signal.aborted) break;
      await this.#wait(clock, delays.next().value);
    }
    this.#writing = undefined;
  }

  async #wait(clock: Clock, delayMs: number): Promise<void> {
    try {
      await clock.sleep(delayMs, { name: "outbox write", signal: this.#stopping.signal });
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }
}

/** An entry that was put off and is done by now need not be written. */
function merged(writes: readonly OutboxWrite[]): OutboxWrite {
  const done = new Set(writes.flatMap(({ outboxDone }) => outboxDone));
  const last = new Map(writes.flatMap(({ outbox }) => outbox).map((entry) => [entry.id, entry]));
  return {
    outbox: [...last.values()].filter(({ id }) => !done.has(id)),
    outboxDone: [...done],
    journal: writes.flatMap(({ journal }) => journal),
  };
}
