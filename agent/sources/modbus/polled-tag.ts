/** The tags of a device, ready to be polled: each with its point and its series. */
import type { Intake, ReadingBatch, Series } from "#agent/sources/contract.ts";
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
}

/** All that has to be read for these tags; registers that several share are named once. */
export function pointsOf(tags: readonly PolledTag[]): Point[] {
  const points = tags.flatMap(({ point, factor }) => (factor ? [point, factor] : [point]));
  return [...new Set(points)];
}

/** Adds the tag's reading, scaled, to the batch. */
export function addReading(
  batch: ReadingBatch,
  tag: PolledTag,
  result: PointResult,
  factor: PointResult | undefined,
): void {
  const { series } = tag;
  const reason = result.reason ?? factor?.reason;
  if (reason !== undefined) return batch.add(series, result.ts, null, "bad", reason);
  const value = factor ? inPowersOfTen(result.value, factor.value) : result.value;
  batch.add(series, result.ts, value);
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
    const factor = sharedFactor(factors, name, tag);
    const { every: intervalMs } = tag;
    return [{ point, series, intervalMs, factor }];
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
