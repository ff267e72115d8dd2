/**
 * The slave's side of Modbus RTU for the four reads: requests out of a stream of bytes, answers as
 * frames. modbus-serial's serial server takes 32 ms a read and knows no faults. Pure.
 */
import { strict as assert } from "node:assert";
import crc16 from "modbus-serial/utils/crc16.js";
import type { AnswerFraming } from "./tampering.ts";

export interface RtuRequest {
  unitId: number;
  functionCode: number;
  address: number;
  length: number;
}

/** Unit, function code, address, count, CRC. */
const REQUEST_BYTES = 8;
const CRC_BYTES = 2;

/** Read coils, discrete inputs, holding and input registers. */
const READS: ReadonlySet<number> = new Set([1, 2, 3, 4]);

export class RtuRequests {
  #rest: Buffer = Buffer.alloc(0);

  /** The requests that are whole with these bytes. Whatever else is on the line is skipped. */
  push(bytes: Uint8Array): RtuRequest[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const requests: RtuRequest[] = [];
    while (this.#rest.length >= REQUEST_BYTES) {
      const request = requestIn(this.#rest.subarray(0, REQUEST_BYTES));
      if (request) requests.push(request);
      this.#rest = this.#rest.subarray(request ? REQUEST_BYTES : 1);
    }
    return requests;
  }
}

function requestIn(frame: Buffer): RtuRequest | undefined {
  const functionCode = frame.readUInt8(1);
  if (!READS.has(functionCode) || crcOf(frame) !== frame.readUInt16LE(frame.length - CRC_BYTES)) {
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
