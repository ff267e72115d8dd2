/** The one-minute windows of one series that are not yet written to its rows. */
import { RowState } from "./row-state.ts";

export class OpenSeries {
  readonly device: string;
  readonly tag: string;
  readonly windows = new Map<number, RowState>();
  #lastStart = Number.NaN;
  #lastRow: RowState | undefined;

  constructor(device: string, tag: string) {
    this.device = device;
    this.tag = tag;
  }

  /** The window's state, made when there is none yet. */
  window(start: number): RowState {
    if (start === this.#lastStart && this.#lastRow) return this.#lastRow;
    let row = this.windows.get(start);
    if (!row) {
      row = new RowState();
      this.windows.set(start, row);
    }
    this.#lastStart = start;
    this.#lastRow = row;
    return row;
  }
}

/** Orders series by device, then tag, by UTF-16 code units: the same on every machine. */
export function compareSeries(
  a: { device: string; tag: string },
  b: { device: string; tag: string },
): number {
  if (a.device !== b.device) return a.device < b.device ? -1 : 1;
  if (a.tag !== b.tag) return a.tag < b.tag ? -1 : 1;
  return 0;
}
