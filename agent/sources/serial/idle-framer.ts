/** A frame is what comes until nothing comes: for devices that mark neither start nor end. */
export class IdleFramer {
  readonly #lengthMax: number;
  #parts: Buffer[] = [];
  #length = 0;
  #tooLong = 0;

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  get tooLong(): number {
    return this.#tooLong;
  }

  push(bytes: Uint8Array): Buffer[] {
    this.#length += bytes.length;
    if (this.#length <= this.#lengthMax) this.#parts.push(Buffer.from(bytes));
    else this.#parts = [];
    return [];
  }

  idle(): Buffer[] {
    const frame = Buffer.concat(this.#parts);
    const isTooLong = this.#length > this.#lengthMax;
    this.reset();
    if (isTooLong) this.#tooLong += 1;
    return isTooLong || frame.length === 0 ? [] : [frame];
  }

  reset(): void {
    this.#parts = [];
    this.#length = 0;
  }
}
