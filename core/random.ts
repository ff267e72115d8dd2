/**
 * Seeded pseudo-random numbers: a run that failed is repeated by its seed. Not for secrets.
 */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, bound). */
  int(bound: number): number;
  /** Standard normal. */
  normal(): number;
  /** An independent stream, the same for the same name. */
  fork(name: string): Random;
}

/**
 * Chris Doty-Humphrey's sfc32 (PractRand), 128 bits of state: passes BigCrush and needs no
 * BigInt, which would cost more than the simulator's signals themselves.
 */
class Sfc32 implements Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  readonly #seed: number;
  #spareNormal: number | undefined;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
    this.#a = this.#seed;
    this.#b = this.#seed ^ 0x9e3779b9;
    this.#c = Math.imul(this.#seed, 0x85ebca6b) ^ 0xc2b2ae35;
    for (let i = 0; i < 12; i++) this.#uint32();
  }

  #uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  next(): number {
    return (this.#uint32() * 2 ** 21 + (this.#uint32() >>> 11)) / 2 ** 53;
  }

  int(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** Box-Muller; the second of the pair is kept for the next call. */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    const angle = 2 * Math.PI * this.next();
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  fork(name: string): Random {
    return new Sfc32(hashText(name) ^ Math.imul(this.#seed, 0x27d4eb2f));
  }
}

/** FNV-1a over the UTF-16 code units, with a final mix: small, stable across versions and machines. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 12;
  return hash >>> 0;
}

export function createRandom(seed: number): Random {
  return new Sfc32(seed);
}

/** The same items in a drawn order. */
export function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const left = [...items];
  const order: Item[] = [];
  while (left.length > 0) order.push(...left.splice(random.int(left.length), 1));
  return order;
}
