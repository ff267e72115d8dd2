/**
 * Cuts a stream of bytes into frames. Pure: bytes in, frames out. Memory is bounded by the longest
 * frame allowed; what is longer is thrown away up to the next delimiter, and counted.
 */

export class DelimiterFramer {
  readonly #delimiter: Buffer;
  readonly #lengthMax: number;
  /** An unfinished frame, at most the longest allowed plus a delimiter. */
  #rest: Buffer = Buffer.alloc(0);
  #isSkipping = false;
  #tooLong = 0;

  /**
   * @param lengthMax in bytes, without the delimiter
   */
  constructor(delimiter: Uint8Array, lengthMax: number) {
    this.#delimiter = Buffer.from(delimiter);
    this.#lengthMax = lengthMax;
  }

  /** Frames that were thrown away because they were too long. */
  get tooLong(): number {
    return this.#tooLong;
  }

  /** Frames that these bytes complete, without their delimiters; empty ones are left out. */
  push(bytes: Uint8Array): Buffer[] {
    const data = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    const frames: Buffer[] = [];
    let at = 0;
    for (;;) {
      const end = data.indexOf(this.#delimiter, at);
      if (end < 0) break;
      this.#finish(data.subarray(at, end), frames);
      at = end + this.#delimiter.length;
    }
    this.#keep(data.subarray(at));
    return frames;
  }

  idle(): Buffer[] {
    return [];
  }

  /** Forgets an unfinished frame: after a reopened port its other half never comes. */
  reset(): void {
    this.#rest = Buffer.alloc(0);
    this.#isSkipping = false;
  }

  #finish(frame: Buffer, frames: Buffer[]): void {
    const wasSkipping = this.#isSkipping;
    this.#isSkipping = false;
    if (wasSkipping) return;
    if (frame.length > this.#lengthMax) this.#tooLong += 1;
    else if (frame.length > 0) frames.push(frame);
  }

  #keep(rest: Buffer): void {
    // The delimiter itself may have come in part.
    const partial = this.#delimiter.length - 1;
    if (this.#isSkipping || rest.length > this.#lengthMax + partial) {
      if (!this.#isSkipping) this.#tooLong += 1;
      this.#isSkipping = true;
      this.#rest = Buffer.from(rest.subarray(Math.max(0, rest.length - partial)));
      return;
    }
    this.#rest = Buffer.from(rest);
  }
}
