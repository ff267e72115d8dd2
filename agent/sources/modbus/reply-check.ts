/**
 * Whether a frame is the answer to the request that waits. `modbus-serial` checks most of this, but
 * accepts an exception from any unit, and gives up a request for a frame that is not its answer.
 * Frames are as that library hands them between port and client: unit, PDU, CRC. Pure.
 */

/** Unit, function code and two bytes of CRC, around the data. */
const EXCEPTION_BYTES = 5;
const HEADER_BYTES = 3;
const CRC_BYTES = 2;

/** Function codes 1 and 2 read bits, 3 and 4 registers. */
const READ_DISCRETE_INPUTS = 2;

export interface ExpectedReply {
  unit: number;
  functionCode: number;
  /** Of the data, behind the byte count. */
  dataBytes: number;
}

/** `foreign`: somebody else's; to be ignored. `malformed`: ours, but its lengths lie. */
export type ReplyVerdict = "answer" | "foreign" | "malformed";

/** What a read request (function codes 1 to 4) asks for. */
export function expectedReply(request: Uint8Array): ExpectedReply {
  const functionCode = request[1] ?? 0;
  const count = ((request[4] ?? 0) << 8) | (request[5] ?? 0);
  const dataBytes = functionCode <= READ_DISCRETE_INPUTS ? Math.ceil(count / 8) : 2 * count;
  return { unit: request[0] ?? 0, functionCode, dataBytes };
}

export function checkReply(expected: ExpectedReply, frame: Uint8Array): ReplyVerdict {
  const { unit, functionCode, dataBytes } = expected;
  if (frame.length < 2 || frame[0] !== unit) return "foreign";
  if (frame[1] === (functionCode | 0x80)) {
    return frame.length === EXCEPTION_BYTES ? "answer" : "malformed";
  }
  if (frame[1] !== functionCode) return "foreign";
  const whole = frame.length === HEADER_BYTES + dataBytes + CRC_BYTES;
  return whole && frame[2] === dataBytes ? "answer" : "malformed";
}
