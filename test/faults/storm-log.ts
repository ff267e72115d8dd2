/** What the storm did, a line of JSON each: what was planned is in the seed, what happened is here. */
import { appendFileSync } from "node:fs";
import type { Clock } from "#core/clock.ts";
import type { PlannedFault } from "./storm-plan.ts";

export class StormLog {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #startMs: number;

  constructor(file: string, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
    this.#startMs = clock.monotonic();
  }

  fault(fault: PlannedFault, step: "begins" | "healed" | "left out", what: string): void {
    const { number, kind, forMs } = fault;
    this.#write({ number, fault: kind.name, step, what, ...(forMs > 0 ? { forMs } : {}) });
  }

  notice(text: string): void {
    this.#write({ notice: text });
  }

  /** Synchronous, so that a machine that is itself killed has said what it did. */
  #write(entry: object): void {
    const at = new Date(this.#clock.now()).toISOString();
    const seconds = Number(((this.#clock.monotonic() - this.#startMs) / 1000).toFixed(3));
    appendFileSync(this.#file, `${JSON.stringify({ at, seconds, ...entry })}\n`);
  }
}
