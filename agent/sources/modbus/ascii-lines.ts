/**
 * Lets only whole lines of Modbus ASCII through: colon, pairs of hexadecimal digits, CR LF. What else
 * is on the wire is noise, at which the parser of modbus-serial reads beyond its buffer. Pure.
 */

/** Modbus over Serial Line v1.02, section 2.5.2.1. */
const FRAME_CHARACTERS_MAX = 513;

/** Unit, function and checksum at least. */
const FRAME = /^:(?:[0-9A-Fa-f]{2}){3,}\r\n$/;

const END = "\r\n";

export class AsciiLines {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames that these bytes complete. */
  pass(bytes: Uint8Array): Buffer {
    let data: Buffer = Buffer.concat([this.#rest, bytes]);
    const frames: Buffer[] = [];
    for (;;) {
      const end = data.indexOf(END);
      if (end < 0) break;
      const line = data.subarray(0, end + END.length);
      const frame = line.subarray(Math.max(0, line.lastIndexOf(":")));
      if (FRAME.test(frame.toString("latin1"))) frames.push(frame);
      data = data.subarray(end + END.length);
    }
    this.#rest = Buffer.from(unfinished(data));
    return Buffer.concat(frames);
  }
}

/** From the last colon on, unless that is longer than any frame. */
function unfinished(data: Buffer): Buffer {
  const start = data.lastIndexOf(":");
  const frame = start < 0 ? data.subarray(data.length) : data.subarray(start);
  return frame.length > FRAME_CHARACTERS_MAX ? frame.subarray(frame.length) : frame;
}
