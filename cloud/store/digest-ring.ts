/**
 * The digests of a lane's newest chunks. A copy with another digest is no copy: someone sends
 * different data under a used identity (a restored card image).
 */
const DIGESTS_MAX = 1000;
const ENTRY_BYTES = 12;

export class DigestRing {
  readonly #digests = new Map<number, number>();

  get(seq: number): number | undefined {
    return this.#digests.get(seq);
  }

  /** Beyond a thousand, the one that came first is forgotten. */
  set(seq: number, digest: number): void {
    this.#digests.set(seq, digest);
    if (this.#digests.size <= DIGESTS_MAX) return;
    for (const oldest of this.#digests.keys()) {
      this.#digests.delete(oldest);
      return;
    }
  }

  encode(): Uint8Array {
    const bytes = new Uint8Array(this.#digests.size * ENTRY_BYTES);
    const view = new DataView(bytes.buffer);
    let at = 0;
    for (const [seq, digest] of this.#digests) {
      view.setFloat64(at, seq);
      view.setUint32(at + 8, digest);
      at += ENTRY_BYTES;
    }
    return bytes;
  }

  /** Takes over what `encode` gave. */
  add(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + ENTRY_BYTES <= bytes.byteLength; at += ENTRY_BYTES) {
      this.set(view.getFloat64(at), view.getUint32(at + 8));
    }
  }

  static decode(bytes: Uint8Array): DigestRing {
    const ring = new DigestRing();
    ring.add(bytes);
    return ring;
  }
}
