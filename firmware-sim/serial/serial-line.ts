/** A scale on a serial line, which prints its weight each second whether somebody reads or not. */
import type { Clock } from "#core/clock.ts";
import type { Logger } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import { Rota } from "../fleet/rota.ts";
import type { LedgerWriter } from "../ledger/contract.ts";
import { Scale } from "../signals/scale.ts";
import type { LineFaultKind } from "./line-fault.ts";
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
  /** undefined: no pseudo terminal could be had, or the line is unplugged. */
  path: string | undefined;
  /** Whole lines printed. */
  lines: number;
  /** Lines that were lost because nobody read for minutes. */
  lost: number;
}

export class SerialLine {
  readonly #parts: SerialLineParts;
  readonly #scale: Scale;
  readonly #rota = new Rota({ members: 1, periodMs: PERIOD_MS, catchUpMs: PERIOD_MS });
  #pty: Pty | undefined;
  #fault: LineFaultKind | undefined;
  #isProducing = false;
  #lines = 0;
  #lost = 0;

  constructor(parts: SerialLineParts) {
    this.#parts = parts;
    this.#scale = new Scale(parts.random);
  }

  /** Resolves with the path to open; undefined, with a message in the log, where there is no pty. */
  async start(): Promise<string | undefined> {
    this.#rota.start(this.#parts.clock.monotonic());
    this.#isProducing = true;
    return await this.#plugIn();
  }

  /** Prints when its second is over; `nowMs` on the monotonic scale. */
  tick(nowMs: number): void {
    if (!this.#isProducing) return;
    this.#rota.takeDue(nowMs, () => this.#print());
  }

  stopProducing(): void {
    this.#isProducing = false;
  }

  async stop(): Promise<void> {
    this.#isProducing = false;
    await this.#unplug();
  }

  /**
   * Makes the line misbehave from now on; undefined heals it. Resolves with the path to open, which
   * is another one after the line was unplugged.
   */
  async setFault(fault: LineFaultKind | undefined): Promise<string | undefined> {
    this.#fault = fault;
    if (fault === "unplugged") await this.#unplug();
    else if (!this.#pty) await this.#plugIn();
    return this.#pty?.path;
  }

  stats(): SerialLineStats {
    return { path: this.#pty?.path, lines: this.#lines, lost: this.#lost };
  }

  #print(): void {
    const pty = this.#pty;
    const line = formatWeight(this.#scale.weigh(this.#parts.clock.now()));
    if (!pty || this.#fault === "silent") return;
    if (!pty.isFree) {
      this.#lost += 1;
    } else if (this.#fault === "garbage") {
      // Bit 7 set: no byte of it is a line's end.
      pty.write(Uint8Array.from(line, () => 0x80 + this.#parts.random.int(0x80)));
    } else if (this.#fault === "truncated") {
      pty.write(line.slice(0, line.length / 2));
    } else {
      this.#parts.ledger.served(SCALE_DEVICE, 1);
      pty.write(line);
      this.#lines += 1;
    }
  }

  async #plugIn(): Promise<string | undefined> {
    const opened = await Pty.open();
    if (opened instanceof Pty) {
      this.#pty = opened;
      return opened.path;
    }
    const { reason } = opened;
    this.#parts.log.warn({ reason }, "no pseudo terminal: going on without a serial line");
    return undefined;
  }

  async #unplug(): Promise<void> {
    const pty = this.#pty;
    this.#pty = undefined;
    await pty?.close();
  }
}
