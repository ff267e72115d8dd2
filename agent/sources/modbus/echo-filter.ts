/**
 * Takes the echo of our own request out of what comes in: RS-485 adapters that listen while they
 * send give every byte back. Bytes are held only as long as they could still be the echo, which is
 * at most one request. Pure.
 */
export class EchoFilter {
  #expected: Buffer = Buffer.alloc(0);
  /** How many bytes of the echo have come so far. */
  #matched = 0;
  #echoes = 0;

  /** Requests that came back. */
  get echoes(): number {
    return this.#echoes;
  }

  /** A request went out. */
  sent(request: Uint8Array): void {
    // A device confirms a single write with the same bytes: on a line that has not echoed a request
    // before, they are its answer.
    if (isSingleWrite(request) && this.#echoes === 0) return this.#expect(Buffer.alloc(0));
    this.#expect(request);
  }

  #expect(request: Uint8Array): void {
    this.#expected = Buffer.from(request);
    this.#matched = 0;
  }

  /** What of these bytes is no echo. */
  pass(bytes: Uint8Array): Buffer {
    const data = Buffer.from(bytes);
    const heldBefore = this.#matched;
    const noise = this.#noiseIn(data);
    let at = noise;
    while (at < data.length && this.#matched < this.#expected.length) {
      if (data[at] !== this.#expected[this.#matched]) return this.#release(heldBefore, data);
      at += 1;
      this.#matched += 1;
    }
    if (this.#expected.length > 0 && this.#matched === this.#expected.length) {
      this.#echoes += 1;
      this.#expect(Buffer.alloc(0));
    }
    return noise === 0
      ? data.subarray(at)
      : Buffer.concat([data.subarray(0, noise), data.subarray(at)]);
  }

  /**
   * How many bytes stand before the echo: drivers that are switched on leave some on the line. Echo and
   * answer begin with the same byte, so nothing of an answer is taken for noise.
   */
  #noiseIn(data: Buffer): number {
    const [first] = this.#expected;
    if (first === undefined || this.#matched > 0) return 0;
    const at = data.indexOf(first);
    return at < 0 ? data.length : at;
  }

  /** It was no echo: what was held from earlier calls comes first, and nothing more is held. */
  #release(heldBefore: number, data: Buffer): Buffer {
    const held = this.#expected.subarray(0, heldBefore);
    this.#expect(Buffer.alloc(0));
    return Buffer.concat([held, data]);
  }
}

const WRITE_COIL = 5;
const WRITE_REGISTER = 6;
const SINGLE_WRITE_BYTES = 8;
/** In ASCII: the colon, the unit, the function code. */
const ASCII_SINGLE_WRITE = /^:[0-9A-F]{2}0[56][0-9A-F]{10}\r\n$/;

function isSingleWrite(request: Uint8Array): boolean {
  if (request.length === SINGLE_WRITE_BYTES) {
    return request[1] === WRITE_COIL || request[1] === WRITE_REGISTER;
  }
  return ASCII_SINGLE_WRITE.test(Buffer.from(request).toString("latin1"));
}
