/** The tags of a device, ready to be polled: each with its point, its series and its checks. */
import type { Intake, ReadingBatch, Series } from "#agent/sources/contract.ts";
import { createDeadband, type Deadband } from "#agent/sources/deadband.ts";
import { Plausibility } from "#agent/sources/plausibility.ts";
import { createScaler } from "#agent/sources/scaling.ts";
import type { DeviceSettings } from "#config/gateway/device.ts";
import type { TagSettings } from "#config/gateway/tag.ts";
import type { QualityReason, Value } from "#core/reading.ts";
import { createFactorPoint, createPoint, type Point } from "./point.ts";

/** What a poll gave for one point. */
export interface PointResult {
  ts: number;
  value: Value;
  /** Present exactly when there is no value. */
  reason?: QualityReason;
}

export interface PolledTag {
  readonly point: Point;
  readonly series: Series;
  /** Its own, where it is not read as often as the rest of its device. */
  readonly intervalMs?: number | undefined;
  /** The register that holds the power of ten to scale by. */
  readonly factor?: Point | undefined;
  readonly plausibility: Plausibility;
  readonly deadband?: Deadband | undefined;
}

/** All that has to be read for these tags; registers that several share are named once. */
export function pointsOf(tags: readonly PolledTag[]): Point[] {
  const points = tags.flatMap(({ point, factor }) => (factor ? [point, factor] : [point]));
  return [...new Set(points)];
}

/** Adds the tag's reading, judged and scaled, to the batch, unless its deadband leaves it out. */
export function addReading(
  batch: ReadingBatch,
  tag: PolledTag,
  result: PointResult,
  factor: PointResult | undefined,
): void {
  const { series } = tag;
  const reason = result.reason ?? factor?.reason;
  if (reason !== undefined) {
    tag.deadband?.isNews(null, "bad", result.ts);
    return batch.add(series, result.ts, null, "bad", reason);
  }
  const value = factor ? inPowersOfTen(result.value, factor.value) : result.value;
  const { quality, reason: doubt } = tag.plausibility.judge(value);
  if (tag.deadband && !tag.deadband.isNews(value, quality, result.ts)) return;
  batch.add(series, result.ts, value, quality, doubt);
}

function inPowersOfTen(value: Value, exponent: Value): Value {
  if (typeof value !== "number" || typeof exponent !== "number") return value;
  return createScaler(Number(`1e${exponent}`), 0)(value);
}

export interface TagSources {
  source: string;
  intake: Intake;
  /** Told of a tag that cannot be polled. */
  refuse: (tag: string) => void;
}

export function createTags(
  device: string,
  settings: DeviceSettings,
  { source, intake, refuse }: TagSources,
): PolledTag[] {
  const factors = new Map<number, Point | undefined>();
  return Object.entries(settings.tags).flatMap(([name, tag]) => {
    const point = createPoint(name, tag);
    if (!point) {
      refuse(name);
      return [];
    }
    const facts = { source, ...(tag.unit !== undefined && { unit: tag.unit }) };
    const series = intake.resolve(device, name, facts);
    const plausibility = new Plausibility(tag, counterMaxOf(tag));
    const factor = sharedFactor(factors, name, tag);
    const { every: intervalMs } = tag;
    return [{ point, series, intervalMs, factor, plausibility, deadband: createDeadband(tag) }];
  });
}

function sharedFactor(
  factors: Map<number, Point | undefined>,
  name: string,
  tag: TagSettings,
): Point | undefined {
  const { scaleRegister } = tag;
  if (scaleRegister === undefined) return undefined;
  if (!factors.has(scaleRegister)) factors.set(scaleRegister, createFactorPoint(name, tag));
  return factors.get(scaleRegister);
}

/** What a counter of this type reaches before it starts anew. */
const COUNTER_MAX: Partial<Readonly<Record<TagSettings["type"], number>>> = {
  int16: 0x7fff,
  uint16: 0xffff,
  int32: 0x7fff_ffff,
  uint32: 0xffff_ffff,
  bcd16: 9999,
  bcd32: 99_999_999,
};

function counterMaxOf(tag: TagSettings): number | undefined {
  const rawMax = COUNTER_MAX[tag.type];
  // With a factor from a register the scaled range is not known beforehand.
  if (rawMax === undefined || tag.scaleRegister !== undefined) return undefined;
  return createScaler(tag.scale, tag.offset)(rawMax);
}
