/**
 * The slave's side of Modbus RTU for the four reads, and for writes as far as they have to be refused: requests out of a stream of bytes, answers as
 * frames. modbus-serial's serial server takes 32 ms a read and knows no faults. Pure.
 */
import { strict as assert } from "node:assert";
import crc16 from "modbus-serial/utils/crc16.js";
import type { AnswerFraming } from "./tampering.ts";

export interface RtuRequest {
  unitId: number;
  functionCode: number;
  address: number;
  /** Of a write of one, what is to be written. */
  length: number;
}

/** Unit, function code, address, count, CRC. */
const REQUEST_BYTES = 8;
const CRC_BYTES = 2;

/** Read coils, discrete inputs, holding and input registers; write one coil, one register. */
const OF_ONE_SIZE: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6]);
/** Write several coils, several registers: behind the count stand a number of bytes, and these. */
const OF_ANY_SIZE: ReadonlySet<number> = new Set([15, 16]);
const BYTE_COUNT_AT = 6;

export class RtuRequests {
  #rest: Buffer = Buffer.alloc(0);

  /** The requests that are whole with these bytes. Whatever else is on the line is skipped. */
  push(bytes: Uint8Array): RtuRequest[] {
    const line = Buffer.concat([this.#rest, bytes]);
    const requests: RtuRequest[] = [];
    let at = 0;
    // Noise may look like the begin of a long write: it must not hold up the request behind it.
    let unfinishedAt: number | undefined;
    while (line.length - at >= REQUEST_BYTES) {
      const size = sizeOf(line.subarray(at));
      const isWhole = line.length - at >= size;
      const request = isWhole ? requestIn(line.subarray(at, at + size)) : undefined;
      if (request) requests.push(request);
      if (request) unfinishedAt = undefined;
      else if (!isWhole) unfinishedAt ??= at;
      at += request ? size : 1;
    }
    this.#rest = line.subarray(unfinishedAt ?? at);
    return requests;
  }
}

/** Of the frame that begins here, if one does. */
function sizeOf(bytes: Buffer): number {
  if (!OF_ANY_SIZE.has(bytes.readUInt8(1))) return REQUEST_BYTES;
  return BYTE_COUNT_AT + 1 + bytes.readUInt8(BYTE_COUNT_AT) + CRC_BYTES;
}

function requestIn(frame: Buffer): RtuRequest | undefined {
  const functionCode = frame.readUInt8(1);
  const isKnown = OF_ONE_SIZE.has(functionCode) || OF_ANY_SIZE.has(functionCode);
  if (!isKnown || crcOf(frame) !== frame.readUInt16LE(frame.length - CRC_BYTES)) {
    return undefined;
  }
  return {
    unitId: frame.readUInt8(0),
    functionCode,
    address: frame.readUInt16BE(2),
    length: frame.readUInt16BE(4),
  };
}

export function registersAnswer(request: RtuRequest, registers: readonly number[]): Buffer {
  const data = Buffer.alloc(2 * registers.length);
  registers.forEach((word, i) => data.writeUInt16BE(word, 2 * i));
  return dataAnswer(request, data);
}

export function bitsAnswer(request: RtuRequest, bits: readonly boolean[]): Buffer {
  const data = Buffer.alloc(Math.ceil(bits.length / 8));
  for (const [i, bit] of bits.entries()) {
    if (bit) data[i >> 3] = (data[i >> 3] ?? 0) | (1 << (i & 7));
  }
  return dataAnswer(request, data);
}

export function exceptionAnswer({ unitId, functionCode }: RtuRequest, code: number): Buffer {
  return sealed([unitId, functionCode | 0x80, code]);
}

function dataAnswer({ unitId, functionCode }: RtuRequest, data: Buffer): Buffer {
  assert(data.length <= 0xff);
  return sealed([unitId, functionCode, data.length, ...data]);
}

function sealed(bytes: readonly number[]): Buffer {
  const frame = Buffer.from([...bytes, 0, 0]);
  RTU.seal(frame);
  return frame;
}

/** A frame is unit id, PDU and checksum. */
export const RTU: AnswerFraming = {
  unitIdAt: 0,
  pduAt: 1,
  seal: (frame) => frame.writeUInt16LE(crcOf(frame), frame.length - CRC_BYTES),
};

function crcOf(frame: Buffer): number {
  return crc16(frame.subarray(0, frame.length - CRC_BYTES));
}
