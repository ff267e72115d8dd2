/**
 * Whether a frame is the answer to the request that waits. `modbus-serial` checks most of this, but
 * accepts an exception from any unit, and gives up a request for a frame that is not its answer.
 * Frames are as that library hands them between port and client: unit, PDU, CRC. Pure.
 */

/** Unit, function code and two bytes of CRC, around the data. */
const EXCEPTION_BYTES = 5;
const HEADER_BYTES = 3;
const CRC_BYTES = 2;
/** Unit, function code, address, value or count, CRC. */
const CONFIRMATION_BYTES = 8;

/** Function codes 1 and 2 read bits, 3 and 4 registers; those from 5 on write. */
const READ_DISCRETE_INPUTS = 2;
const READ_INPUT_REGISTERS = 4;

export interface ExpectedReply {
  unit: number;
  functionCode: number;
  frameBytes: number;
  /** What follows the function code: of a read the byte count, of a write what it repeats. */
  beginning: Uint8Array;
}

/** `foreign`: somebody else's; to be ignored. `malformed`: ours, but its lengths lie. */
export type ReplyVerdict = "answer" | "foreign" | "malformed";

/** What the answer to a request looks like: reads (function codes 1 to 4), and writes. */
export function expectedReply(request: Uint8Array): ExpectedReply {
  const unit = request[0] ?? 0;
  const functionCode = request[1] ?? 0;
  if (functionCode > READ_INPUT_REGISTERS) {
    // Address, and value or count, come back (sections 6.5, 6.6 and 6.12).
    const beginning = request.slice(2, CONFIRMATION_BYTES - CRC_BYTES);
    return { unit, functionCode, frameBytes: CONFIRMATION_BYTES, beginning };
  }
  const count = ((request[4] ?? 0) << 8) | (request[5] ?? 0);
  const dataBytes = functionCode <= READ_DISCRETE_INPUTS ? Math.ceil(count / 8) : 2 * count;
  const beginning = Uint8Array.of(dataBytes);
  return { unit, functionCode, frameBytes: HEADER_BYTES + dataBytes + CRC_BYTES, beginning };
}

export function checkReply(expected: ExpectedReply, frame: Uint8Array): ReplyVerdict {
  const { unit, functionCode, frameBytes, beginning } = expected;
  if (frame.length < 2 || frame[0] !== unit) return "foreign";
  if (frame[1] === (functionCode | 0x80)) {
    return frame.length === EXCEPTION_BYTES ? "answer" : "malformed";
  }
  if (frame[1] !== functionCode) return "foreign";
  const begins = beginning.every((byte, i) => frame[2 + i] === byte);
  return begins && frame.length === frameBytes ? "answer" : "malformed";
}
