/**
 * Reports holes in the accepted seqs that stay. Live data overtakes a backlog, so a hole may stand
 * open for as long as an outage takes to drain: it is a loss only when its sender, in an event since,
 * has said that nothing comes there any more, and it then stays for a minute. A gateway that is silent
 * says nothing; one that has begun a new epoch has given the old one up.
 */
import type { ChunkId } from "#core/chunk.ts";
import type { Delivery, SeqGap } from "../store/contract.ts";

const STAYS_MS = 60_000;
/** Beyond these, more is not followed; the store still knows all holes. */
const GAPS_MAX = 10_000;
const LANES_MAX = 100_000;
/** Of a lane: the newest epoch, and the one that it replaced. */
const EPOCHS_MAX = 2;

interface Followed {
  gap: SeqGap;
  /** Since when it is known that nothing comes; undefined while something may. */
  sinceMs: number | undefined;
  reported: boolean;
}

interface Heard {
  epoch: string;
  owedFrom: number;
  atMs: number;
}

export class GapWatch {
  readonly #gaps = new Map<string, Followed>();
  /** By gateway and lane: what was last told in each of its newest epochs. */
  readonly #heard = new Map<string, Heard[]>();

  /** An event was accepted. Times are monotonic. */
  hear({ content, owedFrom }: Delivery, nowMs: number): void {
    const id = content.kind === "chunks" ? content.chunks[0]?.id : undefined;
    if (!id) return;
    const name = laneName(id);
    const known = this.#heard.get(name) ?? [];
    if (known.length === 0 && this.#heard.size >= LANES_MAX) return;
    const others = known.filter(({ epoch }) => epoch !== id.epoch);
    const heard = { epoch: id.epoch, owedFrom: owedFrom ?? id.seq, atMs: nowMs };
    this.#heard.set(name, [heard, ...others].slice(0, EPOCHS_MAX));
  }

  /** The gaps that have just become losses. Times are monotonic. */
  look(gaps: readonly SeqGap[], nowMs: number): SeqGap[] {
    const present = new Map(gaps.slice(0, GAPS_MAX).map((gap) => [gapName(gap), gap]));
    for (const name of this.#gaps.keys()) if (!present.has(name)) this.#gaps.delete(name);
    const lost: SeqGap[] = [];
    for (const [name, gap] of present) {
      const known = this.#gaps.get(name) ?? { gap, sinceMs: undefined, reported: false };
      this.#gaps.set(name, known);
      known.sinceMs = this.#mayCome(gap, nowMs) ? undefined : (known.sinceMs ?? nowMs);
      if (known.reported || known.sinceMs === undefined) continue;
      if (nowMs - known.sinceMs < STAYS_MS) continue;
      known.reported = true;
      lost.push(gap);
    }
    return lost;
  }

  /** Gaps that stayed, and still do. */
  lost(): SeqGap[] {
    return [...this.#gaps.values()].filter(({ reported }) => reported).map(({ gap }) => gap);
  }

  #mayCome(gap: SeqGap, nowMs: number): boolean {
    const heard = this.#heard.get(laneName(gap)) ?? [];
    const own = heard.find(({ epoch }) => epoch === gap.epoch);
    const isGivenUp = heard.some(({ epoch }) => epoch !== gap.epoch);
    if (!own) return !isGivenUp;
    if (gap.toSeq < own.owedFrom) return false;
    return !isGivenUp || nowMs - own.atMs < STAYS_MS;
  }
}

function laneName({ gateway, lane }: Pick<ChunkId, "gateway" | "lane">): string {
  return JSON.stringify([gateway, lane]);
}

function gapName({ gateway, epoch, lane, fromSeq, toSeq }: SeqGap): string {
  return JSON.stringify([gateway, epoch, lane, fromSeq, toSeq]);
}
