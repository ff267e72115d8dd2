/**
 * The newest values of a device's tags around its alarm, for the notice: out of the rollups, before
 * the alarm is taken in, so that whoever writes notices need not wait. An alarm never waits long for
 * them: in a flood they are read for some of its devices, and where reading fails, for none.
 */
import type { Notice } from "#core/alarms/contract.ts";
import { valueText } from "#core/alarms/value-text.ts";
import { messageOf } from "#core/errors.ts";
import type { RateLimitedLog } from "#core/log.ts";
import { isOwnDevice } from "#core/own-names.ts";
import type { RollupRow } from "../rollup/row-json.ts";
import { WIDTH_MS, windowStart } from "../rollup/window.ts";
import type { AlarmRow } from "../store/alarm-row.ts";
import type { RollupQuery } from "../store/contract.ts";
import { rowValue } from "./row-value.ts";

/** A notice names ten, and one may be that of the alarm itself. */
const TAGS_MAX = 11;
/** Of a flood most is summed up, and needs none: so many devices, or so long, in each span. */
const SPAN_MS = 10_000;
const DEVICES_PER_SPAN = 20;
const READING_MS_PER_SPAN = 300;
/** What was read so shortly before is still what is true. */
const FRESH_MS = 10_000;
/** Longer than an alarm waits for others like it: what is told later is told without. */
const KEPT_MS = 120_000;
const DEVICES_MAX = 500;

type Related = NonNullable<Notice["related"]>[number];

export interface RelatedValuesOptions {
  readonly rows: (query: RollupQuery) => AsyncIterable<RollupRow>;
  /** Never steps back. */
  readonly elapsedMs: () => number;
  readonly log: RateLimitedLog;
}

interface Known {
  readonly atMs: number;
  readonly values: readonly Related[];
}

export class RelatedValues {
  readonly #options: RelatedValuesOptions;
  /** By device, those that were read last at the end. */
  readonly #known = new Map<string, Known>();
  #span = { beganMs: Number.NEGATIVE_INFINITY, devices: 0, spentMs: 0 };

  constructor(options: RelatedValuesOptions) {
    this.#options = options;
  }

  /** Of the devices whose alarms are about to be taken in. */
  async learn(alarms: readonly AlarmRow[]): Promise<void> {
    for (const alarm of alarms) {
      const beganMs = this.#options.elapsedMs();
      if (beganMs - this.#span.beganMs >= SPAN_MS) {
        this.#span = { beganMs, devices: 0, spentMs: 0 };
      }
      const { devices, spentMs } = this.#span;
      if (devices >= DEVICES_PER_SPAN || spentMs > READING_MS_PER_SPAN) return;
      const name = nameOf(alarm.gateway, alarm.device);
      const knownAtMs = this.#known.get(name)?.atMs ?? Number.NEGATIVE_INFINITY;
      const isKnown = beganMs - knownAtMs < FRESH_MS;
      if (alarm.state !== "active" || isOwnDevice(alarm.device) || isKnown) continue;
      this.#span.devices += 1;
      await this.#learn(name, alarm);
      this.#span.spentMs += this.#options.elapsedMs() - beganMs;
    }
  }

  /** Where none are known, or what is known is old: none. */
  of(gateway: string, device: string): readonly Related[] {
    const known = this.#known.get(nameOf(gateway, device));
    if (!known || this.#options.elapsedMs() - known.atMs > KEPT_MS) return [];
    return known.values;
  }

  async #learn(name: string, { gateway, device, ts }: AlarmRow): Promise<void> {
    const { rows, elapsedMs, log } = this.#options;
    try {
      const values = await newestOf(rows, gateway, device, ts);
      this.#known.delete(name);
      this.#known.set(name, { atMs: elapsedMs(), values });
    } catch (error) {
      log.warn("related", { reason: messageOf(error) }, "notices lack the values of other tags");
      return;
    }
    const [oldest] = this.#known.keys();
    if (this.#known.size > DEVICES_MAX && oldest !== undefined) this.#known.delete(oldest);
  }
}

/** Of the hour of the alarm and the one before: two rows a tag, and what is newest stands in them. */
async function newestOf(
  rows: RelatedValuesOptions["rows"],
  gateway: string,
  device: string,
  ts: number,
): Promise<Related[]> {
  const hourMs = WIDTH_MS["1h"];
  const hour = windowStart(ts, hourMs);
  const query = {
    gateway,
    device,
    width: "1h",
    fromMs: hour - hourMs,
    toMs: hour + hourMs,
  } as const;
  const newest = new Map<string, string>();
  for await (const row of rows(query)) {
    const text = lastText(row);
    if (text === undefined) continue;
    if (newest.size >= TAGS_MAX && !newest.has(row.tag)) break;
    newest.set(row.tag, text);
  }
  return Array.from(newest, ([tag, value]) => ({ tag, value }));
}

function lastText(row: RollupRow): string | undefined {
  const { last } = row;
  if (typeof last === "string" || typeof last === "boolean") return valueText(last);
  const value = rowValue(row, "last");
  return value === undefined ? undefined : valueText(value);
}

function nameOf(gateway: string, device: string): string {
  return JSON.stringify([gateway, device]);
}
