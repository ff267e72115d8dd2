/**
 * Judges each row of a published series against what was acknowledged and what may have arrived.
 * Counts alone cancel out, so a count that fits is believed only if the exact sum fits as well.
 */
import { type CanonicalSum, ExactSum } from "#core/exact-sum.ts";
import type { MinuteTable } from "./minute-table.ts";
import type { PendingMessages } from "./pending-messages.ts";
import type { RollupRow } from "./rollup-row.ts";
import type { SeriesIndex } from "./series-index.ts";
import { findSubset } from "./subset-sum.ts";
import type { Findings } from "./verdict.ts";

export interface ComparisonInput {
  gateway: string;
  index: SeriesIndex;
  minutes: ReadonlyMap<number, MinuteTable>;
  pending: PendingMessages;
  minuteOf: (ts: number) => number;
}

interface Fault {
  lost: number;
  duplicated: number;
  why: string;
}

const NOTHING_PENDING: readonly number[] = [];

export class Comparison {
  readonly #input: ComparisonInput;
  readonly #findings: Findings;
  /** Values that may count 0 or 1 times, by minute and series. */
  readonly #pending = new Map<number, Map<number, number[]>>();
  /** Series with a row, by minute. */
  readonly #seen = new Map<number, Set<number>>();

  constructor(input: ComparisonInput, findings: Findings) {
    this.#input = input;
    this.#findings = findings;
    for (const message of input.pending.all()) {
      const indices = input.index.indicesOf(message.device, message.tags);
      const minute = input.minuteOf(message.ts);
      for (let i = 0; i < indices.length; i++) {
        const value = message.values[i] ?? Number.NaN;
        if (value === value) this.#addPending(minute, indices[i] ?? 0, value);
      }
    }
  }

  take(row: RollupRow): void {
    const series =
      row.gateway === this.#input.gateway ? this.#input.index.find(row.device, row.tag) : undefined;
    if (series === undefined) {
      this.#report(row, "nothing: this series was never sent", allOf(row, "foreign"));
    } else if (this.#isRepeated(row.start, series)) {
      this.#report(row, "one row a series and minute", allOf(row, "a second row"));
    } else {
      this.#judge(row, series);
    }
  }

  /** What was acknowledged and has no row at all is lost. */
  finish(): void {
    for (const [minute, table] of this.#input.minutes) {
      const seen = this.#seen.get(minute);
      const end = Math.min(table.capacity, this.#input.index.size);
      for (let series = 0; series < end; series++) {
        const count = table.count(series);
        if (count === 0 || seen?.has(series)) continue;
        const { device, tag } = this.#input.index.nameOf(series);
        this.#findings.add({
          series: `${this.#input.gateway}/${device}/${tag}`,
          minute,
          expected: `${count} readings`,
          got: "no row",
          lost: count,
          duplicated: 0,
        });
      }
    }
  }

  #judge(row: RollupRow, series: number): void {
    const table = this.#input.minutes.get(row.start);
    const acknowledged = table?.count(series) ?? 0;
    const pending = this.#pending.get(row.start)?.get(series) ?? NOTHING_PENDING;
    const fault = this.#faultOf(row, series, pending);
    if (!fault) return;
    const open = pending.length === 0 ? "" : ` and up to ${pending.length} unacknowledged`;
    const sum = table?.sum(series).rounded() ?? 0;
    this.#report(row, `${acknowledged} readings${open}, sum ${sum}`, fault);
  }

  #faultOf(row: RollupRow, series: number, pending: readonly number[]): Fault | undefined {
    const table = this.#input.minutes.get(row.start);
    const extra = row.count - (table?.count(series) ?? 0);
    // A published value is good or it is nothing: a bad reading here is one that nobody sent.
    const invented = row.bad;
    if (extra < 0) return { lost: -extra, duplicated: invented, why: "too few" };
    if (extra > pending.length) {
      return { lost: 0, duplicated: extra - pending.length + invented, why: "too many" };
    }
    const answer = this.#explain(row, series, pending, extra);
    if (answer !== "found") {
      const why = answer === "none" ? "the sum does not fit" : "too many ways to explain the sum";
      return { lost: 1, duplicated: 1 + invented, why };
    }
    return invented === 0 ? undefined : { lost: 0, duplicated: invented, why: "bad readings" };
  }

  /** Is the row's sum that of the acknowledged readings and `extra` of the pending ones? */
  #explain(
    row: RollupRow,
    series: number,
    pending: readonly number[],
    extra: number,
  ): ReturnType<typeof findSubset> {
    const acknowledged = this.#input.minutes.get(row.start)?.sum(series).canonical() ?? [];
    // Canonical on both sides, so equal sums are equal lists.
    if (extra === 0) return isEqual(acknowledged, row.exactSum) ? "found" : "none";
    const rest = sumOf(row.exactSum);
    for (const term of acknowledged) rest.add(-term);
    return findSubset(pending, extra, rest);
  }

  #isRepeated(minute: number, series: number): boolean {
    const seen = this.#seen.get(minute);
    if (seen?.has(series)) return true;
    if (seen) seen.add(series);
    else this.#seen.set(minute, new Set([series]));
    return false;
  }

  #addPending(minute: number, series: number, value: number): void {
    let bySeries = this.#pending.get(minute);
    if (!bySeries) {
      bySeries = new Map();
      this.#pending.set(minute, bySeries);
    }
    const values = bySeries.get(series);
    if (values) values.push(value);
    else bySeries.set(series, [value]);
  }

  #report(row: RollupRow, expected: string, fault: Fault): void {
    const bad = row.bad === 0 ? "" : ` and ${row.bad} bad`;
    this.#findings.add({
      series: `${row.gateway}/${row.device}/${row.tag}`,
      minute: row.start,
      expected,
      got: `${row.count} readings${bad}, sum ${row.exactSum[0] ?? 0}: ${fault.why}`,
      lost: fault.lost,
      duplicated: fault.duplicated,
    });
  }
}

function allOf(row: RollupRow, why: string): Fault {
  return { lost: 0, duplicated: row.count + row.bad, why };
}

function sumOf(terms: CanonicalSum): ExactSum {
  const sum = new ExactSum();
  sum.addSum(terms);
  return sum;
}

function isEqual(a: CanonicalSum, b: CanonicalSum): boolean {
  return a.length === b.length && a.every((term, i) => term === b[i]);
}
