/**
 * Chunks that are settled although their segment is still on the disk: when it is read again, they
 * are left out. A lane settles in order, so they are few ranges however many chunks there are.
 */
import { SeqRanges } from "#core/seq-ranges.ts";
import type { StoredChunk } from "./contract.ts";

export type ChunkName = Pick<StoredChunk, "epoch" | "lane" | "seq">;

export class SettledChunks {
  readonly #byLane = new Map<string, SeqRanges>();

  has(chunk: ChunkName): boolean {
    return this.#byLane.get(laneName(chunk))?.has(chunk.seq) ?? false;
  }

  add(chunk: ChunkName): void {
    const name = laneName(chunk);
    let seqs = this.#byLane.get(name);
    if (!seqs) {
      seqs = new SeqRanges();
      this.#byLane.set(name, seqs);
    }
    seqs.add(chunk.seq);
  }

  clear(): void {
    this.#byLane.clear();
  }
}

function laneName({ epoch, lane }: ChunkName): string {
  return `${epoch} ${lane}`;
}
