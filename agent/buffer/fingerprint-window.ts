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

  has(words: Words): boolean {
    const at = this.#slotOf(words);
    return this.#slots[at] !== 0 || this.#slots[at + 1] !== 0 || this.#slots[at + 2] !== 0;
  }

  add(words: Words): void {
    if (this.has(words)) return;
    if ((this.size + 1) * WORDS > this.#slots.length * LOAD_MAX) this.#grow();
    this.#slots.set(words, this.#slotOf(words));
    this.size += 1;
  }

  /** Where these words are, or where they would go. */
  #slotOf(words: Words): number {
    const slots = this.#slots;
    const count = slots.length / WORDS;
    let slot = words[0] & (count - 1);
    for (;;) {
      const at = slot * WORDS;
      const [a = 0, b = 0, c = 0] = [slots[at], slots[at + 1], slots[at + 2]];
      if (a === words[0] && b === words[1] && c === words[2]) return at;
      if (a === 0 && b === 0 && c === 0) return at;
      slot = (slot + 1) & (count - 1);
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += WORDS) {
      const words: Words = [old[at] ?? 0, old[at + 1] ?? 0, old[at + 2] ?? 0];
      if (words[0] !== 0 || words[1] !== 0 || words[2] !== 0) {
        this.#slots.set(words, this.#slotOf(words));
      }
    }
  }
}

type Words = readonly [number, number, number];

function wordsOf(fingerprint: Uint8Array): Words {
  const view = new DataView(fingerprint.buffer, fingerprint.byteOffset, FINGERPRINT_BYTES);
  // All zero means an empty slot; a digest of zeros is as likely as a false match.
  return [view.getUint32(0), view.getUint32(4), view.getUint32(8) || 1];
}
