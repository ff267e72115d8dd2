/**
 * How the numbers of a series lie in its block: each kind by itself, the widest first, so that every
 * number is aligned, and no byte is lost between a float and a counter.
 *
 *   doubles  8 B  what people read to the last digit, and times that identify a reading
 *   floats   4 B  distances, widths and means of distances: seven digits
 *   words    4 B  counts, and times in tenths of a second
 *   halves   2 B  counts, times in half hours, and packed means
 *   bytes    1 B  small counts, those to less than 128 and flags in as many bits as they need
 *
 * A rule takes its fields from the layout, once for all series of the same settings.
 */
import { LevelField, Origin } from "./level-field.ts";
import { ByteField, CountField, FlagField, HalfField, WordField } from "./state-counts.ts";
import { DoubleField, FloatField } from "./state-numbers.ts";
import type { StateShape } from "./state-shape.ts";
import type { StateBlock } from "./state-slabs.ts";
import { HalfHourField, InstantField } from "./state-times.ts";

const BITS_PER_BYTE = 8;

export class StateLayout {
  readonly #shape: StateShape = {
    doubles: 0,
    floats: 0,
    words: 0,
    halves: 0,
    bytes: 0,
    counts: 0,
  };
  readonly #counts: CountField[] = [];
  /** By byte: how many of its bits counts have taken. */
  readonly #bitsTaken = new Map<number, number>();
  readonly #distances: FloatField[] = [];
  #origin: Origin | undefined;

  /** What has been taken by now. */
  get shape(): StateShape {
    return { ...this.#shape };
  }

  /** Where the levels of the series are measured from; takes its place when it is first asked for. */
  get origin(): Origin {
    this.#origin ??= new Origin(this.double(), this.#distances);
    return this.#origin;
  }

  double(): DoubleField {
    return new DoubleField(this.#take("doubles", 1));
  }

  /** Place of the first of them, counted from the doubles' beginning. */
  doubles(count: number): number {
    return this.#take("doubles", count);
  }

  float(): FloatField {
    return new FloatField(this.#take("floats", 1));
  }

  /** A value of the series, as its distance from the origin. */
  level(): LevelField {
    return new LevelField(this.origin, this.distance());
  }

  /** The same, for who knows the origin. */
  distance(): FloatField {
    const distance = this.float();
    this.#distances.push(distance);
    return distance;
  }

  word(): WordField {
    return new WordField(this.#take("words", 1));
  }

  instant(): InstantField {
    return new InstantField(this.word());
  }

  half(count = 1): HalfField {
    return new HalfField(this.#take("halves", count));
  }

  halfHour(): HalfHourField {
    return new HalfHourField(this.half());
  }

  byte(count = 1): ByteField {
    return new ByteField(this.#take("bytes", count));
  }

  /** @param max 1 to 255: it can count so far, and perhaps a little further */
  count(max: number): CountField {
    const bits = BITS_PER_BYTE - (Math.clz32(max) - (32 - BITS_PER_BYTE));
    const { place, shift } = this.#bits(bits);
    const field = new CountField(place, shift, 2 ** bits - 1);
    this.#counts.push(field);
    this.#shape.counts += 1;
    return field;
  }

  flag(): FlagField {
    const { place, shift } = this.#bits(1);
    this.#counts.push(new CountField(place, shift, 1));
    this.#shape.counts += 1;
    return new FlagField(place, shift);
  }

  /** Sets to 0 what was taken since the layout had that shape. */
  clearSince(earlier: StateShape, block: StateBlock): void {
    const { doubles, floats, words, halves, bytes } = this.#shape;
    block.doubles.fill(0, block.doublesAt + earlier.doubles, block.doublesAt + doubles);
    block.floats.fill(0, block.floatsAt + earlier.floats, block.floatsAt + floats);
    block.words.fill(0, block.wordsAt + earlier.words, block.wordsAt + words);
    block.halves.fill(0, block.halvesAt + earlier.halves, block.halvesAt + halves);
    block.bytes.fill(0, block.bytesAt + earlier.bytes, block.bytesAt + bytes);
    for (const count of this.#counts.slice(earlier.counts)) count.set(block, 0);
  }

  /** In the first byte that has so many bits left. */
  #bits(bits: number): { place: number; shift: number } {
    for (const [place, shift] of this.#bitsTaken) {
      if (shift + bits > BITS_PER_BYTE) continue;
      this.#bitsTaken.set(place, shift + bits);
      return { place, shift };
    }
    const place = this.#take("bytes", 1);
    this.#bitsTaken.set(place, bits);
    return { place, shift: 0 };
  }

  #take(kind: Exclude<keyof StateShape, "counts">, count: number): number {
    const place = this.#shape[kind];
    this.#shape[kind] += count;
    return place;
  }
}
