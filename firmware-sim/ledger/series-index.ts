/** Gives each (device, tag) a dense number, and finds the numbers of a message's tags at once. */

interface DeviceEntry {
  readonly byTag: Map<string, number>;
  /** The tags of the last message: devices send the same list again and again. */
  lastTags: readonly string[];
  lastIndices: readonly number[];
}

export interface SeriesName {
  readonly device: string;
  readonly tag: string;
}

const NO_TAGS: readonly string[] = [];

export class SeriesIndex {
  readonly #devices = new Map<string, DeviceEntry>();
  readonly #names: SeriesName[] = [];

  get size(): number {
    return this.#names.length;
  }

  /** The number of each tag, in the tags' order; new ones are made. */
  indicesOf(device: string, tags: readonly string[]): readonly number[] {
    const entry = this.#entryOf(device);
    if (entry.lastTags === tags) return entry.lastIndices;
    entry.lastIndices = tags.map((tag) => this.#indexOf(entry, device, tag));
    entry.lastTags = tags;
    return entry.lastIndices;
  }

  find(device: string, tag: string): number | undefined {
    return this.#devices.get(device)?.byTag.get(tag);
  }

  /** The name behind a number that `indicesOf` gave. */
  nameOf(index: number): SeriesName {
    return this.#names[index] ?? { device: "?", tag: "?" };
  }

  #entryOf(device: string): DeviceEntry {
    let entry = this.#devices.get(device);
    if (!entry) {
      entry = { byTag: new Map(), lastTags: NO_TAGS, lastIndices: [] };
      this.#devices.set(device, entry);
    }
    return entry;
  }

  #indexOf(entry: DeviceEntry, device: string, tag: string): number {
    let index = entry.byTag.get(tag);
    if (index === undefined) {
      index = this.#names.length;
      entry.byTag.set(tag, index);
      this.#names.push({ device, tag });
    }
    return index;
  }
}
