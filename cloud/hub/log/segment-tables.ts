/**
 * Which segments have their block tables in memory. A backlog of small events has millions of blocks,
 * so only the tables of segments in use stay; the others are read back from their index files.
 *
 * Invariant: the tables of all but the last segment together are at most `bytesMax`, plus those of
 * the one segment that is being read.
 */
import { writeFile } from "node:fs/promises";
import { messageOf } from "#core/errors.ts";
import type { Logger } from "#core/log.ts";
import { ENTRY_BYTES } from "./block-table.ts";
import { encodeIndex, indexPath, readIndex, removeIndex } from "./index-file.ts";
import type { PartitionState } from "./partition-state.ts";
import { retireSegment, type Segment } from "./segment.ts";
import { scanTables } from "./segment-scan.ts";

export class SegmentTables {
  readonly #bytesMax: number;
  readonly #log: Logger;
  /** Finished segments with tables in memory, least recently used first. */
  readonly #loaded = new Set<Segment>();

  constructor(bytesMax: number, log: Logger) {
    this.#bytesMax = bytesMax;
    this.#log = log;
  }

  /** Bytes of the tables in memory, without the last segment's. */
  get bytes(): number {
    let bytes = 0;
    for (const segment of this.#loaded) bytes += tableBytes(segment);
    return bytes;
  }

  /** Takes in a segment that has just been finished, and writes its index file. */
  async finish(segment: Segment, end: PartitionState[]): Promise<void> {
    this.#use(segment);
    if (!segment.tables || segment.isIndexed) return;
    const { bytes, newestMs, damagedBytes, start, tables } = segment;
    const file = encodeIndex({ bytes, newestMs, damagedBytes, start, end, tables });
    try {
      await writeFile(indexPath(segment), file, { mode: 0o600 });
      segment.isIndexed = true;
    } catch (error) {
      // Without it the tables stay in memory, and the next start reads the segment.
      this.#log.warn({ error: messageOf(error) }, "A segment's index could not be written.");
    }
    this.#evict();
  }

  /** Brings a segment's tables into memory. */
  load(segment: Segment): void {
    if (!segment.tables && !segment.isRetired) {
      const index = readIndex(segment, segment.bytes);
      segment.tables = index?.tables ?? scanTables(segment);
      if (!index) segment.isIndexed = false;
    }
    this.#use(segment);
    this.#evict();
  }

  /** Deletes a segment and its index file. */
  remove(segment: Segment): void {
    this.#loaded.delete(segment);
    try {
      retireSegment(segment);
      removeIndex(segment);
    } catch (error) {
      // As on a disk that has become read-only: the next start finds the file again.
      const fields = { path: segment.path, error: messageOf(error) };
      this.#log.warn(fields, "An expired segment could not be deleted.");
    }
  }

  #use(segment: Segment): void {
    this.#loaded.delete(segment);
    this.#loaded.add(segment);
  }

  #evict(): void {
    let bytes = this.bytes;
    const newest = [...this.#loaded].at(-1);
    for (const segment of this.#loaded) {
      if (bytes <= this.#bytesMax || segment === newest) return;
      if (!segment.isIndexed) continue;
      bytes -= tableBytes(segment);
      segment.tables = undefined;
      this.#loaded.delete(segment);
    }
  }
}

function tableBytes(segment: Segment): number {
  let blocks = 0;
  for (const table of segment.tables?.values() ?? []) blocks += table.length;
  return blocks * ENTRY_BYTES;
}
