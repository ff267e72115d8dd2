/**
 * Reports holes in the accepted seqs that stay. A hole that is being filled (live data overtakes a
 * backlog) changes its bounds; one whose bounds stand still for a minute is a loss.
 */
import type { SeqGap } from "../store/contract.ts";

const STAYS_MS = 60_000;
/** Beyond it, more holes are not followed; the store still knows them. */
const GAPS_MAX = 10_000;

interface Followed {
  gap: SeqGap;
  sinceMs: number;
  reported: boolean;
}

export class GapWatch {
  readonly #gaps = new Map<string, Followed>();

  /** The gaps that have just become losses. Times are monotonic. */
  look(gaps: readonly SeqGap[], nowMs: number): SeqGap[] {
    const present = new Map(gaps.slice(0, GAPS_MAX).map((gap) => [nameOf(gap), gap]));
    for (const name of this.#gaps.keys()) if (!present.has(name)) this.#gaps.delete(name);
    const lost: SeqGap[] = [];
    for (const [name, gap] of present) {
      const known = this.#gaps.get(name);
      if (!known) {
        this.#gaps.set(name, { gap, sinceMs: nowMs, reported: false });
      } else if (!known.reported && nowMs - known.sinceMs >= STAYS_MS) {
        known.reported = true;
        lost.push(gap);
      }
    }
    return lost;
  }

  /** Gaps that stayed, and still do. */
  lost(): SeqGap[] {
    return [...this.#gaps.values()].filter(({ reported }) => reported).map(({ gap }) => gap);
  }
}

function nameOf({ gateway, epoch, lane, fromSeq, toSeq }: SeqGap): string {
  return JSON.stringify([gateway, epoch, lane, fromSeq, toSeq]);
}
