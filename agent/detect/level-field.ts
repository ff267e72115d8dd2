/**
 * Values of a series, kept as floats without losing what a large offset would swallow: as distances
 * from the series' origin, which is its first value, and is moved along where the series goes. A
 * counter at 123,456,789.5 keeps its tenths.
 */
import type { DoubleField, FloatField } from "./state-numbers.ts";
import type { StateBlock } from "./state-slabs.ts";

/** Half of the last digit of a float, as a share of it. */
const FLOAT_ERROR = 2 ** -24;
const DIGITS_MAX = 17;

export class Origin {
  readonly #at: DoubleField;
  readonly #distances: readonly FloatField[];

  /** @param distances all that are measured from here: a list that may grow until the first use */
  constructor(at: DoubleField, distances: readonly FloatField[]) {
    this.#at = at;
    this.#distances = distances;
  }

  get(block: StateBlock): number {
    return this.#at.get(block);
  }

  /** Takes the first value other than 0 for the origin; later ones are not heard. */
  settle(block: StateBlock, value: number): void {
    if (this.#at.get(block) === 0) this.moveTo(block, value);
  }

  /** Where the series has gone elsewhere: its levels stay what they are. */
  moveTo(block: StateBlock, value: number): void {
    const moved = value - this.#at.get(block);
    for (const distance of this.#distances) distance.set(block, distance.get(block) - moved);
    this.#at.set(block, value);
  }
}

export class LevelField {
  readonly #origin: Origin;
  readonly #distance: FloatField;

  constructor(origin: Origin, distance: FloatField) {
    this.#origin = origin;
    this.#distance = distance;
  }

  get(block: StateBlock): number {
    return this.#origin.get(block) + this.#distance.get(block);
  }

  set(block: StateBlock, value: number): void {
    this.#distance.set(block, value - this.#origin.get(block));
  }

  /** Moves a running mean by a share of the distance to `value`. */
  follow(block: StateBlock, value: number, weight: number): void {
    this.#distance.follow(block, value - this.#origin.get(block), weight);
  }

  /** As people read it: the shortest decimal that a float cannot tell from it. */
  shown(block: StateBlock): number {
    const value = this.get(block);
    const error = FLOAT_ERROR * Math.abs(this.#distance.get(block));
    for (let digits = 1; digits < DIGITS_MAX; digits++) {
      const candidate = Number(value.toPrecision(digits));
      if (Math.abs(candidate - value) <= error) return candidate;
    }
    return value;
  }
}
