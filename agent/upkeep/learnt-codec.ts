/**
 * The file form of what the detectors know. Numbers are little-endian.
 *
 *   head    8 bytes "PSLEARN1"
 *   series  u16 bytes of the device's name, u16 of the tag's, u32 fingerprint of the settings,
 *           f64 when the last reading came, u32 bytes of state; then the names in UTF-8, the state
 *   end     u16 0xffff, u32 number of series, u32 CRC-32 of all before it
 *
 * A file without a right end is damaged as a whole: it is written anew every few minutes, and a
 * detector must not go on from numbers that nobody ever learnt.
 */
import { crc32 } from "node:zlib";
import type { LearntSeries } from "#agent/intake/contract.ts";
import { PenstockError } from "#core/errors.ts";

const MAGIC = Buffer.from("PSLEARN1", "latin1");
const SERIES_HEAD_BYTES = 20;
const END_MARK = 0xff_ff;
const END_BYTES = 10;

/** Encodes one file, piece by piece: the checksum runs along. */
export class LearntEncoder {
  #count = 0;
  #crc = 0;

  head(): Buffer {
    return this.#counted(MAGIC);
  }

  /** The states are copied: they may change from now on. */
  series(some: readonly LearntSeries[]): Buffer {
    this.#count += some.length;
    return this.#counted(Buffer.concat(some.flatMap(piecesOf)));
  }

  end(): Buffer {
    const end = Buffer.alloc(END_BYTES);
    end.writeUInt16LE(END_MARK, 0);
    end.writeUInt32LE(this.#count, 2);
    end.writeUInt32LE(crc32(end.subarray(0, 6), this.#crc), 6);
    return end;
  }

  #counted(bytes: Buffer): Buffer {
    this.#crc = crc32(bytes, this.#crc);
    return bytes;
  }
}

function piecesOf({ device, tag, fingerprint, heardAt, state }: LearntSeries): Uint8Array[] {
  const deviceBytes = Buffer.from(device, "utf8");
  const tagBytes = Buffer.from(tag, "utf8");
  const head = Buffer.alloc(SERIES_HEAD_BYTES);
  head.writeUInt16LE(deviceBytes.length, 0);
  head.writeUInt16LE(tagBytes.length, 2);
  head.writeUInt32LE(fingerprint, 4);
  head.writeDoubleLE(heardAt, 8);
  head.writeUInt32LE(state.length, 16);
  return [head, deviceBytes, tagBytes, state];
}

/** @throws PenstockError LEARNT_DAMAGED */
export function decodeLearnt(file: Buffer): LearntSeries[] {
  if (!file.subarray(0, MAGIC.length).equals(MAGIC)) throw damaged("it does not begin as one");
  const end = file.length - END_BYTES;
  if (end < MAGIC.length || file.readUInt16LE(end) !== END_MARK) throw damaged("it has no end");
  const checkedBytes = file.length - 4;
  if (crc32(file.subarray(0, checkedBytes)) !== file.readUInt32LE(checkedBytes)) {
    throw damaged("its checksum is wrong");
  }
  const learnt: LearntSeries[] = [];
  let at = MAGIC.length;
  while (at < end) {
    const series = seriesAt(file, at, end);
    learnt.push(series.learnt);
    at = series.next;
  }
  if (learnt.length !== file.readUInt32LE(end + 2)) throw damaged("it lacks series");
  return learnt;
}

function seriesAt(file: Buffer, at: number, end: number): { learnt: LearntSeries; next: number } {
  if (at + SERIES_HEAD_BYTES > end) throw damaged("a series is cut off");
  const deviceAt = at + SERIES_HEAD_BYTES;
  const tagAt = deviceAt + file.readUInt16LE(at);
  const stateAt = tagAt + file.readUInt16LE(at + 2);
  const next = stateAt + file.readUInt32LE(at + 16);
  if (next > end) throw damaged("a series is cut off");
  const learnt = {
    device: file.toString("utf8", deviceAt, tagAt),
    tag: file.toString("utf8", tagAt, stateAt),
    fingerprint: file.readUInt32LE(at + 4),
    heardAt: file.readDoubleLE(at + 8),
    state: file.subarray(stateAt, next),
  };
  return { learnt, next };
}

function damaged(why: string): PenstockError {
  return new PenstockError("LEARNT_DAMAGED", `the file of what was learnt is damaged: ${why}`);
}
