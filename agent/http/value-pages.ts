/**
 * The table of values, in order of device and tag, a page at a time: a page of a hundred rows costs
 * the same with a hundred series and with a hundred thousand.
 */
import type { ValueRow, ValuesView } from "./contract.ts";

export interface PageQuery {
  /** Only this device. */
  readonly device?: string | undefined;
  /** Only series whose device or tag contains this, whatever the case. */
  readonly search?: string | undefined;
  readonly offset: number;
  readonly limit: number;
}

/** Which series a page shows. It stays so until series are added. */
export interface Page {
  /** How many series the query finds, on all pages. */
  readonly total: number;
  readonly places: readonly number[];
  /** How many series there were when the page was made. */
  readonly size: number;
}

interface Entry {
  readonly place: number;
  readonly device: string;
  readonly tag: string;
  /** Device and tag in lower case. */
  readonly text: string;
}

export class ValuePages {
  readonly #values: ValuesView;
  #entries: Entry[] = [];
  #size = 0;

  constructor(values: ValuesView) {
    this.#values = values;
  }

  find(query: PageQuery): Page {
    this.#refresh();
    const found = this.#matching(query);
    const places = found
      .slice(query.offset, query.offset + query.limit)
      .map((entry) => entry.place);
    return { total: found.length, places, size: this.#size };
  }

  /** Whether the page may show other series by now. */
  isOutdated(page: Page): boolean {
    return page.size !== this.#values.size;
  }

  rows(page: Page): ValueRow[] {
    return page.places.map((place) => this.#values.at(place)).filter((row) => row !== undefined);
  }

  #matching({ device, search }: PageQuery): Entry[] {
    const wanted = search?.toLowerCase() ?? "";
    if (device === undefined && wanted === "") return this.#entries;
    return this.#entries.filter(
      (entry) => (device === undefined || entry.device === device) && entry.text.includes(wanted),
    );
  }

  #refresh(): void {
    const { size } = this.#values;
    if (size === this.#size) return;
    const entries: Entry[] = [];
    for (let place = 0; place < size; place++) {
      const row = this.#values.at(place);
      if (!row) continue;
      const { device, tag } = row;
      entries.push({ place, device, tag, text: `${device} ${tag}`.toLowerCase() });
    }
    this.#entries = entries.toSorted(byName);
    this.#size = size;
  }
}

function byName(a: Entry, b: Entry): number {
  return compare(a.device, b.device) || compare(a.tag, b.tag);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
