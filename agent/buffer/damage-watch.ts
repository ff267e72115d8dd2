/**
 * Which sequence numbers a damaged segment may have held: in each lane, those between its last chunk
 * before the damage and its first after it. Some of them may have arrived long ago: a chunk that did
 * beats its gap.
 */
import type { GapRecord } from "#core/chunk.ts";
import type { StoredChunk } from "./contract.ts";

const REASON = "segment damaged; how many readings is not known";

export class DamageWatch {
  readonly #last = new Map<number, StoredChunk>();
  /** Lanes in which nothing came since the damage. */
  readonly #open = new Set<number>();

  /** A segment is lost, of whichever of these lanes. */
  damaged(lanes: number): void {
    for (let lane = 0; lane < lanes; lane++) this.#open.add(lane);
  }

  /** Is to see all chunks in order. The gap before this one, where damage lies between. */
  see(chunk: StoredChunk): GapRecord | undefined {
    const { lane, seq, epoch } = chunk;
    const last = this.#last.get(lane);
    this.#last.set(lane, chunk);
    if (!this.#open.delete(lane)) return undefined;
    const fromSeq = last?.epoch === epoch ? last.seq + 1 : 0;
    if (fromSeq >= seq) return undefined;
    return { epoch, fromSeq, toSeq: seq - 1, readings: 0, reason: REASON };
  }
}
