/**
 * In which order a scan asks: the lowest unit ids at one setting after the other, since most devices
 * are there, until somebody answers: a line has one setting. There, who was silent is asked once
 * more, for noise and a slow start cost an answer now and then. Then the rest at that setting; or
 * everywhere, if nobody did. Pure.
 */
export interface LineSettings {
  readonly baud: number;
  readonly parity: "none" | "even" | "odd";
}

export interface ScanStep {
  /** Undefined for a host: there is nothing to set. */
  readonly line: LineSettings | undefined;
  readonly units: readonly number[];
}

/** What factories set, the most frequent first. */
export const USUAL_BAUDS = [9600, 19_200, 38_400, 115_200, 57_600, 4800, 2400] as const;
export const USUAL_PARITIES = ["none", "even", "odd"] as const;

const LOW_UNITS = 16;

export class ScanPlan {
  readonly #lines: readonly (LineSettings | undefined)[];
  readonly #low: readonly number[];
  readonly #high: readonly number[];
  readonly #isThorough: boolean;
  /** Units that answered, by setting. */
  readonly #found = new Map<LineSettings | undefined, Set<number>>();
  #asked = 0;

  /** @param isThorough whether to go on with the other settings where somebody has answered */
  constructor(
    lines: readonly (LineSettings | undefined)[],
    units: readonly number[],
    isThorough = false,
  ) {
    this.#lines = lines;
    this.#isThorough = isThorough;
    // With one setting there is nothing to be quick about.
    const low = lines.length === 1 ? units.length : LOW_UNITS;
    const sorted = units.toSorted((a, b) => a - b);
    this.#low = sorted.slice(0, low);
    this.#high = sorted.slice(low);
  }

  /** Requests at most, as far as is known by now. */
  get total(): number {
    const searched = this.#found.size > 0 ? this.#found.size : this.#lines.length;
    const again = [...this.#found.keys()].reduce((sum, line) => sum + this.#silent(line).length, 0);
    return this.#lines.length * this.#low.length + again + searched * this.#high.length;
  }

  get asked(): number {
    return this.#asked;
  }

  /** One request was made. */
  count(): void {
    this.#asked += 1;
  }

  /** The unit answered at these settings. */
  foundAt(line: LineSettings | undefined, unit: number): void {
    const units = this.#found.get(line) ?? new Set();
    this.#found.set(line, units.add(unit));
  }

  /** Each step is decided when it comes: what was found before it counts. */
  *steps(): Generator<ScanStep> {
    for (const line of this.#lines) {
      yield { line, units: this.#low };
      const silent = this.#silent(line);
      if (this.#found.has(line) && silent.length > 0) yield { line, units: silent };
      if (this.#found.size > 0 && !this.#isThorough) break;
    }
    if (this.#high.length === 0) return;
    for (const line of this.#lines) {
      if (this.#found.size === 0 || this.#found.has(line)) yield { line, units: this.#high };
    }
  }

  #silent(line: LineSettings | undefined): readonly number[] {
    const found = this.#found.get(line);
    return this.#low.filter((unit) => !found?.has(unit));
  }
}

/**
 * `1-16,20` as numbers; undefined where it is none.
 * @param max the highest unit id
 */
export function unitsOf(text: string, max: number): number[] | undefined {
  const units = new Set<number>();
  for (const part of text.split(",")) {
    const [, from, to = from] = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part) ?? [];
    const first = Number(from);
    const last = Number(to);
    if (from === undefined || first > last || last > max) return undefined;
    for (let unit = first; unit <= last; unit++) units.add(unit);
  }
  return [...units];
}
