/**
 * All series of this gateway, by device and tag. A series is made at first sight and stays: its
 * index is its place in every table of the agent. What is known of a series is only added to, so
 * that two sources that disagree do not make it flap.
 */
import type { Series } from "#agent/sources/contract.ts";
import type { SeriesDescription } from "#core/chunk.ts";
import { PenstockError } from "#core/errors.ts";
import { laneOf } from "#core/lane.ts";

export const SERIES_MAX_DEFAULT = 100_000;
/** Names come from topics and payloads: their length must be bounded as their number is. */
const NAME_LENGTH_MAX = 256;

interface SeriesRegistryOptions {
  lanes: number;
  seriesMax: number;
  /** What is known of a series before any source speaks. */
  describe: (device: string, tag: string) => SeriesDescription;
}

export class SeriesRegistry {
  readonly #options: SeriesRegistryOptions;
  readonly #devices = new Map<string, Map<string, Series>>();
  readonly #series: Series[] = [];
  readonly #descriptions: SeriesDescription[] = [];
  /** 1 where the description is stored, or in a batch under way. */
  #told = new Uint8Array(256);
  #refused = 0;

  constructor(options: SeriesRegistryOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#series.length;
  }

  get sizeMax(): number {
    return this.#options.seriesMax;
  }

  /** How often a new series was refused because of a limit. */
  get refused(): number {
    return this.#refused;
  }

  at(index: number): Series | undefined {
    return this.#series[index];
  }

  descriptionAt(index: number): SeriesDescription | undefined {
    return this.#descriptions[index];
  }

  /** A series that was made before. */
  find(device: string, tag: string): Series | undefined {
    return this.#devices.get(device)?.get(tag);
  }

  ofDevice(device: string): Iterable<Series> {
    return this.#devices.get(device)?.values() ?? [];
  }

  /** @throws PenstockError SERIES_LIMIT */
  resolve(device: string, tag: string, facts?: Partial<SeriesDescription>): Series {
    const tags = this.#devices.get(device);
    const known = tags?.get(tag);
    if (known) {
      if (facts) this.#complete(known.index, facts);
      return known;
    }
    return this.#make(device, tag, tags, facts);
  }

  /** Those of the series that were not told yet; from now on they count as told. */
  takeUntold(series: readonly Series[]): Series[] | undefined {
    let untold: Series[] | undefined;
    for (const entry of series) {
      if (this.#told[entry.index] === 1) continue;
      this.#told[entry.index] = 1;
      untold ??= [];
      untold.push(entry);
    }
    return untold;
  }

  /** The settings have changed: what a source has said since is kept, and told again. */
  describeAnew(index: number): void {
    const series = this.#series[index];
    const before = this.#descriptions[index];
    if (!series || !before) return;
    this.#descriptions[index] = this.#options.describe(series.device, series.tag);
    this.#complete(index, before.source === undefined ? {} : { source: before.source });
    this.#told[index] = 0;
  }

  /** Telling failed: the next batch of the series does it again. */
  untell(series: readonly Series[]): void {
    for (const { index } of series) this.#told[index] = 0;
  }

  #make(
    device: string,
    tag: string,
    tags: Map<string, Series> | undefined,
    facts: Partial<SeriesDescription> | undefined,
  ): Series {
    const { lanes, seriesMax } = this.#options;
    const index = this.#series.length;
    if (index >= seriesMax) {
      throw this.#refusal(device, tag, `${seriesMax} series are the limit`);
    }
    if (device.length > NAME_LENGTH_MAX || tag.length > NAME_LENGTH_MAX) {
      throw this.#refusal(device, tag, `a name has at most ${NAME_LENGTH_MAX} characters`);
    }
    const series: Series = { index, device, tag, lane: laneOf(device, lanes) };
    if (tags) tags.set(tag, series);
    else this.#devices.set(device, new Map([[tag, series]]));
    this.#series.push(series);
    this.#descriptions.push(this.#options.describe(device, tag));
    if (index >= this.#told.length) this.#told = grown(this.#told);
    if (facts) this.#complete(index, facts);
    return series;
  }

  #refusal(device: string, tag: string, reason: string): PenstockError {
    this.#refused += 1;
    const context = { device: shortened(device), tag: shortened(tag) };
    const message = `no room for ${context.device}/${context.tag}: ${reason}`;
    return new PenstockError("SERIES_LIMIT", message, { context });
  }

  #complete(index: number, facts: Partial<SeriesDescription>): void {
    const description = this.#descriptions[index];
    if (!description) return;
    for (const key of ["unit", "site", "line", "source"] as const) {
      const fact = facts[key];
      if (fact === undefined || description[key] !== undefined) continue;
      description[key] = fact;
      this.#told[index] = 0;
    }
  }
}

function grown(told: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(told.length * 2);
  larger.set(told);
  return larger;
}

function shortened(name: string): string {
  return name.length > NAME_LENGTH_MAX ? `${name.slice(0, 40)}…` : name;
}
