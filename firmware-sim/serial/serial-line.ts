/** A scale on a serial line, which prints its weight each second whether somebody reads or not. */
import type { Clock } from "#core/clock.ts";
import type { Logger } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import { Rota } from "../fleet/rota.ts";
import type { LedgerWriter } from "../ledger/contract.ts";
import { Scale } from "../signals/scale.ts";
import { Pty } from "./pty.ts";
import { formatWeight } from "./scale-line.ts";

export const SCALE_DEVICE = "scale-1";
const PERIOD_MS = 1000;

export interface SerialLineParts {
  ledger: LedgerWriter;
  clock: Clock;
  random: Random;
  log: Logger;
}

export interface SerialLineStats {
  /** undefined: no pseudo terminal could be had. */
  path: string | undefined;
  lines: number;
  /** Lines that were lost because nobody read for minutes. */
  lost: number;
}

export class SerialLine {
  readonly #parts: SerialLineParts;
  readonly #scale: Scale;
  readonly #rota = new Rota({ members: 1, periodMs: PERIOD_MS, catchUpMs: PERIOD_MS });
  #pty: Pty | undefined;
  #isProducing = false;
  #lines = 0;
  #lost = 0;

  constructor(parts: SerialLineParts) {
    this.#parts = parts;
    this.#scale = new Scale(parts.random);
  }

  /** Resolves with the path to open; undefined, with a message in the log, where there is no pty. */
  async start(): Promise<string | undefined> {
    const { clock, log } = this.#parts;
    const opened = await Pty.open();
    if (!(opened instanceof Pty)) {
      log.warn({ reason: opened.reason }, "no pseudo terminal: going on without a serial line");
      return undefined;
    }
    this.#pty = opened;
    this.#rota.start(clock.monotonic());
    this.#isProducing = true;
    return opened.path;
  }

  /** Prints when its second is over; `nowMs` on the monotonic scale. */
  tick(nowMs: number): void {
    const pty = this.#pty;
    if (!this.#isProducing || !pty) return;
    this.#rota.takeDue(nowMs, () => {
      const line = formatWeight(this.#scale.weigh(this.#parts.clock.now()));
      if (!pty.isFree) {
        this.#lost += 1;
        return;
      }
      this.#parts.ledger.served(SCALE_DEVICE, 1);
      pty.write(line);
      this.#lines += 1;
    });
  }

  stopProducing(): void {
    this.#isProducing = false;
  }

  async stop(): Promise<void> {
    this.#isProducing = false;
    await this.#pty?.close();
    this.#pty = undefined;
  }

  stats(): SerialLineStats {
    return { path: this.#pty?.path, lines: this.#lines, lost: this.#lost };
  }
}
