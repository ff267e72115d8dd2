/**
 * Watches several tags of one machine together: each tag's running mean against what it was while
 * the machine was known to be sound, in standard deviations; the worst tag speaks for the machine.
 * The limit is learnt too: a fifth beyond the widest excursion of the sound time. Five numbers a tag.
 */

export interface GroupSettings {
  /** How many tags the group has. */
  readonly tags: number;
  /** Rows from which the sound machine is learnt. */
  readonly soundRows: number;
}

const MEAN_LENGTH = 10;
const MARGIN = 1.2;
/** Stands in for the deviation of a tag that did not move while learning, relative to its value. */
const RESTING_DEVIATION = 1e-9;

export class GroupDetector {
  readonly #settings: GroupSettings;
  readonly #recent: Float64Array;
  readonly #mean: Float64Array;
  /** Sum of squared distances while learning, then the standard deviation. */
  readonly #deviation: Float64Array;
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  #rows = 0;
  #limit = Number.NaN;
  #worst = 0;

  constructor(settings: GroupSettings) {
    const { tags } = settings;
    this.#settings = settings;
    this.#recent = new Float64Array(tags);
    this.#mean = new Float64Array(tags);
    this.#deviation = new Float64Array(tags);
    this.#low = new Float64Array(tags).fill(Number.POSITIVE_INFINITY);
    this.#high = new Float64Array(tags).fill(Number.NEGATIVE_INFINITY);
  }

  /**
   * Takes in one value a tag; one that is not finite is left out.
   * @returns 0 while learning; from 1 on the machine is outside of what it was when it was sound
   */
  surprise(values: ArrayLike<number>): number {
    const { tags, soundRows } = this.#settings;
    this.#rows += 1;
    let worst = 0;
    for (let tag = 0; tag < tags; tag++) {
      const value = values[tag] ?? Number.NaN;
      if (!Number.isFinite(value)) continue;
      const recent = this.#follow(tag, value);
      if (this.#rows <= soundRows) this.#learn(tag, recent);
      else if (this.#distance(tag, recent) > worst) {
        worst = this.#distance(tag, recent);
        this.#worst = tag;
      }
    }
    if (this.#rows === soundRows) this.#settle();
    return this.#rows <= soundRows ? 0 : worst / this.#limit;
  }

  /** Place of the tag that the last surprise came from. */
  get worst(): number {
    return this.#worst;
  }

  #follow(tag: number, value: number): number {
    const before = at(this.#recent, tag);
    const recent = before + Math.max(1 / MEAN_LENGTH, 1 / this.#rows) * (value - before);
    this.#recent[tag] = recent;
    return recent;
  }

  /** Welford's running mean and variance, and the range. */
  #learn(tag: number, recent: number): void {
    const before = recent - at(this.#mean, tag);
    this.#mean[tag] = at(this.#mean, tag) + before / this.#rows;
    this.#deviation[tag] = at(this.#deviation, tag) + before * (recent - at(this.#mean, tag));
    this.#low[tag] = Math.min(at(this.#low, tag), recent);
    this.#high[tag] = Math.max(at(this.#high, tag), recent);
  }

  #settle(): void {
    let widest = 0;
    for (let tag = 0; tag < this.#settings.tags; tag++) {
      const deviation = Math.sqrt(at(this.#deviation, tag) / this.#rows);
      const resting = RESTING_DEVIATION * (1 + Math.abs(at(this.#mean, tag)));
      this.#deviation[tag] = deviation > 0 ? deviation : resting;
      for (const bound of [at(this.#low, tag), at(this.#high, tag)]) {
        if (Number.isFinite(bound)) widest = Math.max(widest, this.#distance(tag, bound));
      }
    }
    this.#limit = MARGIN * (widest > 0 ? widest : 1);
  }

  #distance(tag: number, recent: number): number {
    return Math.abs(recent - at(this.#mean, tag)) / at(this.#deviation, tag);
  }
}

/** An element that is there: tags are counted from 0 to their number. */
function at(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN;
}
