/**
 * The books of the simulated devices, and the audit: what they were promised is compared with what
 * the sink rolled up.
 *
 * - Acknowledged readings are kept as count and exact sum a series and minute; only messages that
 *   are not acknowledged keep their values.
 * - Nothing is taken back: what was acknowledged stays owed, whoever was killed since, unless the
 *   gateway has told by itself that it lost it (`doubt`).
 */
import { Comparison } from "./comparison.ts";
import type { LedgerWriter, SentMessage } from "./contract.ts";
import { MinuteTable } from "./minute-table.ts";
import { PendingMessages } from "./pending-messages.ts";
import { PolledComparison, type PolledSource } from "./polled-sources.ts";
import type { RollupRow } from "./rollup-row.ts";
import { SeriesIndex } from "./series-index.ts";
import { Findings, type Verdict } from "./verdict.ts";

export const MINUTE_MS = 60_000;

export interface LedgerSettings {
  /** The gateway that the devices publish through: rows of another one are foreign. */
  gateway: string;
  /** Minutes remembered; older ones are forgotten, counted, and not compared. */
  minutesMax?: number;
  /** Unacknowledged messages remembered. */
  pendingMax?: number;
}

export interface LedgerTotals {
  /** Readings sent by publishing devices, repeats not counted. */
  sent: number;
  /** Of these, acknowledged. */
  acknowledged: number;
  /** Readings that polled devices answered with. */
  served: number;
  pendingMessages: number;
}

const MINUTES_MAX = 1440;
const PENDING_MAX = 1_000_000;

export class Ledger implements LedgerWriter {
  readonly #gateway: string;
  readonly #minutesMax: number;
  readonly #index = new SeriesIndex();
  readonly #minutes = new Map<number, MinuteTable>();
  readonly #pending: PendingMessages;
  readonly #served = new Map<string, number>();
  /** Most readings belong to the same minute as the one before. */
  #current: MinuteTable | undefined;
  #currentMinute = Number.NaN;
  /** Minutes up to here are forgotten. */
  #forgottenMinute = Number.NEGATIVE_INFINITY;
  #unchecked = 0;
  #sent = 0;
  #acknowledged = 0;
  #servedReadings = 0;

  constructor(settings: LedgerSettings) {
    this.#gateway = settings.gateway;
    this.#minutesMax = settings.minutesMax ?? MINUTES_MAX;
    this.#pending = new PendingMessages(settings.pendingMax ?? PENDING_MAX);
  }

  sent(message: SentMessage): void {
    this.#pending.add(message);
    this.#sent += readingsIn(message);
  }

  acknowledged(message: SentMessage): void {
    this.#pending.take(message);
    const indices = this.#index.indicesOf(message.device, message.tags);
    const table = this.#tableOf(minuteOf(message.ts));
    let readings = 0;
    for (let i = 0; i < indices.length; i++) {
      const value = message.values[i] ?? Number.NaN;
      // A tag without a value is not in the payload.
      if (value !== value) continue;
      readings += 1;
      table?.add(indices[i] ?? 0, value);
    }
    this.#acknowledged += readings;
    if (!table) this.#unchecked += readings;
  }

  /**
   * The gateway has told that it lost this message after its acknowledgement: it counts 0 or 1 times
   * from now on. Gives the number of its readings; none where it was not acknowledged anyhow.
   */
  doubt(message: SentMessage): number {
    const { device, ts, tags, values } = message;
    const table = this.#minutes.get(minuteOf(ts));
    if (!table || this.#pending.has(device, ts)) return 0;
    for (const [i, index] of this.#index.indicesOf(device, tags).entries()) {
      table.remove(index, values[i] ?? Number.NaN);
    }
    this.#acknowledged -= values.length;
    this.#pending.add(message);
    return values.length;
  }

  served(device: string, readings: number): void {
    this.#served.set(device, (this.#served.get(device) ?? 0) + readings);
    this.#servedReadings += readings;
  }

  totals(): LedgerTotals {
    return {
      sent: this.#sent,
      acknowledged: this.#acknowledged,
      served: this.#servedReadings,
      pendingMessages: this.#pending.size,
    };
  }

  /**
   * Compares all that was sent with the sink's one-minute rows. Call it when the devices are quiet
   * and the sink has committed everything; `polled` is what the agent stored, by source.
   */
  async compare(
    rows: AsyncIterable<RollupRow>,
    polled: readonly PolledSource[] = [],
  ): Promise<Verdict> {
    const findings = new Findings();
    const published = new Comparison(
      {
        gateway: this.#gateway,
        index: this.#index,
        minutes: this.#minutes,
        pending: this.#pending,
        minuteOf,
      },
      findings,
    );
    const polls = new PolledComparison(this.#served, polled);
    let rolledUp = 0;
    for await (const row of rows) {
      rolledUp += row.count + row.bad;
      if (row.gateway === this.#gateway && polls.take(row)) continue;
      if (row.start > this.#forgottenMinute) published.take(row);
    }
    published.finish();
    polls.finish(findings);
    return {
      produced: this.#acknowledged + polls.stored,
      rolledUp,
      lost: findings.lost,
      duplicated: findings.duplicated,
      unacknowledged: this.#sent - this.#acknowledged,
      unchecked: this.#unchecked,
      mismatches: findings.mismatches,
      details: findings.details,
    };
  }

  /** Undefined where the minute is forgotten already. */
  #tableOf(minute: number): MinuteTable | undefined {
    if (minute === this.#currentMinute) return this.#current;
    if (minute <= this.#forgottenMinute) return undefined;
    let table = this.#minutes.get(minute);
    if (!table) {
      if (this.#minutes.size >= this.#minutesMax) this.#forgetOldest(minute);
      if (minute <= this.#forgottenMinute) return undefined;
      table = new MinuteTable();
      this.#minutes.set(minute, table);
    }
    this.#current = table;
    this.#currentMinute = minute;
    return table;
  }

  /** Makes room for a minute, unless that one is the oldest of all. */
  #forgetOldest(coming: number): void {
    const oldest = Math.min(coming, ...this.#minutes.keys());
    this.#unchecked += this.#minutes.get(oldest)?.readings ?? 0;
    this.#minutes.delete(oldest);
    this.#forgottenMinute = oldest;
  }
}

function minuteOf(ts: number): number {
  return Math.floor(ts / MINUTE_MS) * MINUTE_MS;
}

function readingsIn(message: SentMessage): number {
  let readings = 0;
  for (const value of message.values) if (value === value) readings += 1;
  return readings;
}
