/**
 * Remembers the fingerprints of stored messages for a while, so that a device which sends again
 * after a lost acknowledgement is recognised. Generations of one open-addressing table each: the
 * oldest is dropped whole, nothing is deleted one by one. A fingerprint stays for at least the
 * window and at most a quarter longer, unless `entriesMax` is reached first (counted).
 */
import type { Clock } from "#core/clock.ts";

/** 96 bits: among a million remembered messages a false match has a chance of 10^-23. */
export const FINGERPRINT_BYTES = 12;

const GENERATIONS = 4;
const WORDS = FINGERPRINT_BYTES / 4;
const SLOTS_FIRST = 1024;
const LOAD_MAX = 0.6;

export interface FingerprintWindowOptions {
  windowMs: number;
  entriesMax: number;
  clock: Clock;
}

export class FingerprintWindow {
  readonly #options: FingerprintWindowOptions;
  /** Newest first; one more than fits the window, since the newest is still filling. */
  #generations: Generation[];
  #rotatedAtMs: number;
  /** How often the window was cut short because too many messages came. */
  cutShort = 0;

  constructor(options: FingerprintWindowOptions) {
    this.#options = options;
    this.#generations = [new Generation()];
    this.#rotatedAtMs = options.clock.monotonic();
  }

  get entries(): number {
    return this.#generations.reduce((sum, generation) => sum + generation.size, 0);
  }

  has(fingerprint: Uint8Array): boolean {
    const words = wordsOf(fingerprint);
    return this.#generations.some((generation) => generation.has(words));
  }

  add(fingerprint: Uint8Array): void {
    this.#rotateWhenDue();
    this.#generations[0]?.add(wordsOf(fingerprint));
  }

  #rotateWhenDue(): void {
    const { windowMs, entriesMax, clock } = this.#options;
    const nowMs = clock.monotonic();
    const full = (this.#generations[0]?.size ?? 0) >= entriesMax / (GENERATIONS + 1);
    if (!full && nowMs - this.#rotatedAtMs < windowMs / GENERATIONS) return;
    if (full) this.cutShort += 1;
    this.#rotatedAtMs = nowMs;
    this.#generations = [new Generation(), ...this.#generations].slice(0, GENERATIONS + 1);
  }
}

/** One table; grows by doubling. A slot of three zero words is empty. */
class Generation {
  #slots = new Uint32Array(SLOTS_FIRST * WORDS);
  size = 0;

  has({ a, b, c }: Words): boolean {
    return !this.#isEmpty(this.#slotOf(a, b, c));
  }

  add({ a, b, c }: Words): void {
    if ((this.size + 1) * WORDS > this.#slots.length * LOAD_MAX) this.#grow();
    const at = this.#slotOf(a, b, c);
    if (!this.#isEmpty(at)) return;
    this.#put(at, a, b, c);
    this.size += 1;
  }

  #isEmpty(at: number): boolean {
    const slots = this.#slots;
    return slots[at] === 0 && slots[at + 1] === 0 && slots[at + 2] === 0;
  }

  #put(at: number, a: number, b: number, c: number): void {
    this.#slots[at] = a;
    this.#slots[at + 1] = b;
    this.#slots[at + 2] = c;
  }

  /** Where these words are, or where they would go. */
  #slotOf(a: number, b: number, c: number): number {
    const slots = this.#slots;
    const mask = slots.length / WORDS - 1;
    for (let slot = a & mask; ; slot = (slot + 1) & mask) {
      const at = slot * WORDS;
      if (slots[at] === a && slots[at + 1] === b && slots[at + 2] === c) return at;
      if (this.#isEmpty(at)) return at;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += WORDS) {
      const a = old[at] ?? 0;
      const b = old[at + 1] ?? 0;
      const c = old[at + 2] ?? 0;
      if (a !== 0 || b !== 0 || c !== 0) this.#put(this.#slotOf(a, b, c), a, b, c);
    }
  }
}

interface Words {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

function wordsOf(bytes: Uint8Array): Words {
  // All zero means an empty slot; a digest of zeros is as likely as a false match.
  return { a: wordAt(bytes, 0), b: wordAt(bytes, 4), c: wordAt(bytes, 8) || 1 };
}

/** By hand: a view of the bytes would cost more than all the rest. */
function wordAt(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16);
  return (high | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0;
}
