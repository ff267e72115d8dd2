/**
 * Turns the boot's times in a stored chunk into wall time. The same line and the same table give the
 * same bytes: a chunk keeps its digest, however often it is sent.
 */
import { movedTo } from "#core/alarm.ts";
import { isBootTime } from "#core/boot-time.ts";
import type { Block, ChunkContent, QualityMark } from "#core/chunk.ts";
import { encodeChunk } from "#core/chunk-codec.ts";
import { decodeChunk } from "#core/chunk-decode.ts";
import type { BootTable } from "./boot-table.ts";

/** What a time on a boot's scale looks like in JSON, as a time or as a step to one. */
const MAY_BE_BOOT_TIME = /-\d{13}/;
const UNSYNCED = "clock unsynced";

/** The line itself where it holds no such time. */
export function toWallTime(line: Uint8Array, table: BootTable): Uint8Array {
  const bytes = Buffer.from(line.buffer, line.byteOffset, line.byteLength);
  if (!MAY_BE_BOOT_TIME.test(bytes.toString("latin1"))) return line;
  const { id, content } = decodeChunk(bytes);
  const converted = convert(content, table);
  return converted === content ? line : encodeChunk({ id, content: converted });
}

function convert(content: ChunkContent, table: BootTable): ChunkContent {
  switch (content.kind) {
    case "readings": {
      const blocks = content.blocks.map((block) => convertBlock(block, table));
      return blocks.every((block, i) => block === content.blocks[i])
        ? content
        : { kind: "readings", blocks };
    }
    case "alarm": {
      if (!content.transitions.some(({ ts }) => isBootTime(ts))) return content;
      const transitions = content.transitions.map((transition) =>
        isBootTime(transition.ts)
          ? movedTo(transition, table.resolve(transition.ts).ts)
          : transition,
      );
      return { kind: "alarm", transitions };
    }
    default:
      return content;
  }
}

function convertBlock(block: Block, table: BootTable): Block {
  if (!block.ts.some(isBootTime)) return block;
  const doubtful = new Set<number>();
  const ts = block.ts.map((time, row) => {
    if (!isBootTime(time)) return time;
    const resolved = table.resolve(time);
    if (!resolved.isSynced) doubtful.add(row);
    return resolved.ts;
  });
  return { ...block, ts, marks: [...block.marks, ...newMarks(block, doubtful)] };
}

/** A value that is marked already keeps the reason that it has: it is the worse one. */
function newMarks(block: Block, doubtful: ReadonlySet<number>): QualityMark[] {
  const marked = new Set(block.marks.map(({ column, row }) => `${column} ${row}`));
  const marks: QualityMark[] = [];
  for (const row of doubtful) {
    for (const column of block.tags.keys()) {
      if (marked.has(`${column} ${row}`)) continue;
      marks.push({ column, row, quality: "uncertain", reason: UNSYNCED });
    }
  }
  return marks;
}
