/**
 * Frames between a start and an end. What is outside is thrown away; a second start before the end
 * begins the frame anew, since the first one's end was lost.
 */
export class StartEndFramer {
  readonly #start: Buffer;
  readonly #end: Buffer;
  readonly #lengthMax: number;
  #rest: Buffer = Buffer.alloc(0);
  #tooLong = 0;

  /** @param lengthMax in bytes, without start and end */
  constructor(start: Uint8Array, end: Uint8Array, lengthMax: number) {
    this.#start = Buffer.from(start);
    this.#end = Buffer.from(end);
    this.#lengthMax = lengthMax;
  }

  get tooLong(): number {
    return this.#tooLong;
  }

  push(bytes: Uint8Array): Buffer[] {
    let data: Buffer = Buffer.concat([this.#rest, bytes]);
    const frames: Buffer[] = [];
    for (;;) {
      data = this.#fromStart(data);
      const end = data.indexOf(this.#end, this.#start.length);
      if (end < 0) break;
      this.#finish(data.subarray(0, end), frames);
      data = data.subarray(end + this.#end.length);
    }
    this.#keep(data);
    return frames;
  }

  idle(): Buffer[] {
    return [];
  }

  reset(): void {
    this.#rest = Buffer.alloc(0);
  }

  #fromStart(data: Buffer): Buffer {
    const at = data.indexOf(this.#start);
    if (at >= 0) return data.subarray(at);
    return this.#partialStart(data);
  }

  /** The start itself may have come in part. */
  #partialStart(data: Buffer): Buffer {
    return data.subarray(Math.max(0, data.length - this.#start.length + 1));
  }

  #finish(data: Buffer, frames: Buffer[]): void {
    const from = data.lastIndexOf(this.#start) + this.#start.length;
    const frame = data.subarray(from);
    if (frame.length > this.#lengthMax) this.#tooLong += 1;
    else if (frame.length > 0) frames.push(Buffer.from(frame));
  }

  #keep(data: Buffer): void {
    const most = this.#start.length + this.#lengthMax + this.#end.length;
    if (data.length <= most) {
      this.#rest = Buffer.from(data);
      return;
    }
    this.#tooLong += 1;
    // A frame may have begun anew within what never ended.
    const again = data.subarray(Math.max(0, data.lastIndexOf(this.#start)));
    this.#rest = Buffer.from(again.length <= most ? again : this.#partialStart(data));
  }
}
