/**
 * Proof that a chunk is poisoned: sent alone it was refused again and again, while others passed. A
 * hub that refuses everything proves nothing.
 */
import type { StoredChunk } from "#agent/buffer/contract.ts";

export const STRIKES_MAX = 5;

export type Verdict =
  /** Wait, and send the same chunk again. */
  | "try again"
  /** Nothing else has passed since: send another chunk, to see whether the hub takes anything. */
  | "try another"
  | "proven";

export class Suspicion {
  #suspect: string | undefined;
  #strikes = 0;
  #passedBefore = 0;

  /** The hub refused this chunk, sent alone; `passed` counts all sends that it took so far. */
  strike(chunk: StoredChunk, passed: number): Verdict {
    const name = `${chunk.epoch} ${chunk.seq}`;
    if (name !== this.#suspect) {
      this.#suspect = name;
      this.#strikes = 1;
      this.#passedBefore = passed;
      return "try again";
    }
    if (passed === this.#passedBefore) return "try another";
    this.#passedBefore = passed;
    this.#strikes += 1;
    return this.#strikes >= STRIKES_MAX ? "proven" : "try again";
  }
}
