/**
 * Frames of a fixed length. With start bytes the stream is searched for them, so that a lost byte
 * costs one frame; without them nothing can tell where a frame begins.
 */
export class LengthFramer {
  readonly tooLong = 0;
  readonly #start: Buffer;
  readonly #length: number;
  #rest: Buffer = Buffer.alloc(0);

  /** @param length of the whole frame, start bytes included */
  constructor(start: Uint8Array, length: number) {
    this.#start = Buffer.from(start);
    this.#length = length;
  }

  push(bytes: Uint8Array): Buffer[] {
    let data: Buffer = Buffer.concat([this.#rest, bytes]);
    const frames: Buffer[] = [];
    for (;;) {
      data = this.#fromStart(data);
      if (data.length < this.#length) break;
      frames.push(Buffer.from(data.subarray(0, this.#length)));
      data = data.subarray(this.#length);
    }
    this.#rest = Buffer.from(data);
    return frames;
  }

  idle(): Buffer[] {
    return [];
  }

  reset(): void {
    this.#rest = Buffer.alloc(0);
  }

  #fromStart(data: Buffer): Buffer {
    if (this.#start.length === 0) return data;
    const at = data.indexOf(this.#start);
    if (at >= 0) return data.subarray(at);
    // The start itself may have come in part.
    return data.subarray(Math.max(0, data.length - this.#start.length + 1));
  }
}
