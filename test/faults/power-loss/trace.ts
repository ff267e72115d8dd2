/** Reads the trace that shim.c writes. */

export type TraceEvent =
  | { kind: "open" | "create"; inode: bigint; path: string }
  | { kind: "write"; inode: bigint; at: number; bytes: Buffer }
  | { kind: "truncate"; inode: bigint; size: number }
  | { kind: "sync"; inode: bigint }
  | { kind: "sync-folder" | "unlink" | "make-folder"; path: string }
  | { kind: "rename"; from: string; to: string }
  | { kind: "note"; text: string };

const HEAD_BYTES = 32;

/** All whole records; the last one may be cut short by the end of the program. */
export function readTrace(bytes: Buffer): TraceEvent[] {
  const events: TraceEvent[] = [];
  let at = 0;
  while (at + HEAD_BYTES <= bytes.length) {
    const textAt = at + HEAD_BYTES;
    const dataAt = textAt + bytes.readUInt32LE(at + 4);
    const next = dataAt + bytes.readUInt32LE(at + 8);
    if (next > bytes.length) break;
    const text = bytes.toString("utf8", textAt, dataAt);
    events.push(eventOf(bytes.subarray(at, textAt), text, bytes.subarray(dataAt, next)));
    at = next;
  }
  return events;
}

function eventOf(head: Buffer, text: string, data: Buffer): TraceEvent {
  const inode = head.readBigUInt64LE(16);
  const number = Number(head.readBigUInt64LE(24));
  const kind = head.readUInt32LE(0);
  switch (kind) {
    case 1:
      return { kind: "open", inode, path: text };
    case 2:
      return { kind: "create", inode, path: text };
    case 3:
      return { kind: "write", inode, at: number, bytes: data };
    case 4:
      return { kind: "truncate", inode, size: number };
    case 5:
      return { kind: "sync", inode };
    case 6:
      return { kind: "sync-folder", path: text };
    case 7: {
      const [from = "", to = ""] = text.split("\0");
      return { kind: "rename", from, to };
    }
    case 8:
      return { kind: "unlink", path: text };
    case 9:
      return { kind: "make-folder", path: text };
    case 10:
      return { kind: "note", text: data.toString("utf8") };
    default:
      throw new RangeError(`the trace holds a record of kind ${kind}`);
  }
}
