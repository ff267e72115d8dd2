/**
 * Watches several tags of one machine together: each tag's running mean against what it was while
 * the machine was known to be sound, in standard deviations; the worst tag speaks for the machine.
 * The limit is learnt too: a fifth beyond the widest excursion of the sound time. Five numbers a tag,
 * and two, in a state block.
 */
import { StateCursor } from "./state-cursor.ts";
import type { StateLayout } from "./state-layout.ts";
import type { StateBlock } from "./state-slabs.ts";

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

const ROWS = 0;
const LIMIT = 1;
const FIRST_TAG = 2;
/** Of each tag. */
const RECENT = 0;
const MEAN = 1;
/** Sum of squared distances while learning, then the standard deviation. */
const DEVIATION = 2;
const LOW = 3;
const HIGH = 4;
const TAG_DOUBLES = 5;

export class GroupDetector {
  readonly #settings: GroupSettings;
  readonly #state: StateCursor;
  #worst = 0;

  constructor(layout: StateLayout, settings: GroupSettings) {
    this.#settings = settings;
    this.#state = new StateCursor(layout, FIRST_TAG + TAG_DOUBLES * settings.tags);
  }

  /** Writes into a block of zeros what is known of a machine before its first row. */
  begin(block: StateBlock): void {
    this.#state.on(block);
    for (let tag = 0; tag < this.#settings.tags; tag++) {
      this.#set(tag, LOW, Number.POSITIVE_INFINITY);
      this.#set(tag, HIGH, Number.NEGATIVE_INFINITY);
    }
  }

  /**
   * Takes in one value a tag; one that is not finite is left out.
   * @returns 0 while learning; from 1 on the machine is outside of what it was when it was sound
   */
  surprise(block: StateBlock, values: ArrayLike<number>): number {
    const { tags, soundRows } = this.#settings;
    const state = this.#state;
    state.on(block);
    const rows = state.get(ROWS) + 1;
    state.set(ROWS, rows);
    let worst = 0;
    for (let tag = 0; tag < tags; tag++) {
      const value = values[tag] ?? Number.NaN;
      if (!Number.isFinite(value)) continue;
      const recent = this.#follow(tag, value, rows);
      if (rows <= soundRows) this.#learn(tag, recent, rows);
      else if (this.#distance(tag, recent) > worst) {
        worst = this.#distance(tag, recent);
        this.#worst = tag;
      }
    }
    if (rows === soundRows) this.#settle();
    return rows <= soundRows ? 0 : worst / state.get(LIMIT);
  }

  /** Place of the tag that the last surprise came from. */
  get worst(): number {
    return this.#worst;
  }

  /** The running mean of a tag, and what it was while the machine was sound. */
  explain(block: StateBlock, tag: number): { recent: number; usual: number } {
    this.#state.on(block);
    return { recent: this.#get(tag, RECENT), usual: this.#get(tag, MEAN) };
  }

  /** How many rows it has learnt from, of those that it needs. */
  learning(block: StateBlock): { seen: number; of: number } {
    this.#state.on(block);
    const { soundRows } = this.#settings;
    return { seen: Math.min(this.#state.get(ROWS), soundRows), of: soundRows };
  }

  #follow(tag: number, value: number, rows: number): number {
    const before = this.#get(tag, RECENT);
    const recent = before + Math.max(1 / MEAN_LENGTH, 1 / rows) * (value - before);
    this.#set(tag, RECENT, recent);
    return recent;
  }

  /** Welford's running mean and variance, and the range. */
  #learn(tag: number, recent: number, rows: number): void {
    const before = recent - this.#get(tag, MEAN);
    const mean = this.#get(tag, MEAN) + before / rows;
    this.#set(tag, MEAN, mean);
    this.#set(tag, DEVIATION, this.#get(tag, DEVIATION) + before * (recent - mean));
    this.#set(tag, LOW, Math.min(this.#get(tag, LOW), recent));
    this.#set(tag, HIGH, Math.max(this.#get(tag, HIGH), recent));
  }

  #settle(): void {
    let widest = 0;
    for (let tag = 0; tag < this.#settings.tags; tag++) {
      const deviation = Math.sqrt(this.#get(tag, DEVIATION) / this.#settings.soundRows);
      const resting = RESTING_DEVIATION * (1 + Math.abs(this.#get(tag, MEAN)));
      this.#set(tag, DEVIATION, deviation > 0 ? deviation : resting);
      for (const bound of [this.#get(tag, LOW), this.#get(tag, HIGH)]) {
        if (Number.isFinite(bound)) widest = Math.max(widest, this.#distance(tag, bound));
      }
    }
    this.#state.set(LIMIT, MARGIN * (widest > 0 ? widest : 1));
  }

  #distance(tag: number, recent: number): number {
    return Math.abs(recent - this.#get(tag, MEAN)) / this.#get(tag, DEVIATION);
  }

  #get(tag: number, place: number): number {
    return this.#state.get(FIRST_TAG + tag * TAG_DOUBLES + place);
  }

  #set(tag: number, place: number, value: number): void {
    this.#state.set(FIRST_TAG + tag * TAG_DOUBLES + place, value);
  }
}
