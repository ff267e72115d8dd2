/** What a Sparkplug metric is as the value of a reading. Pure. */
import type { Scalar } from "#agent/sources/payload/reading-value.ts";
import { shortestFloat32 } from "#core/float32.ts";
import type { Quality, QualityReason } from "#core/reading.ts";
import type { Metric } from "./payload-codec.ts";

/** A scalar, or the reason why there is none. */
export type MetricValue = { scalar: Scalar } | { refusal: QualityReason };

/** The data types (Sparkplug 3.0.0, section 6.4.16) that are one value. */
const INTEGER_BITS = new Map([
  [1, { bits: 8, isSigned: true }],
  [2, { bits: 16, isSigned: true }],
  [3, { bits: 32, isSigned: true }],
  [5, { bits: 8, isSigned: false }],
  [6, { bits: 16, isSigned: false }],
  [7, { bits: 32, isSigned: false }],
]);
const INT64 = 4;
const UINT64 = 8;
const FLOAT = 9;
const DOUBLE = 10;
const BOOLEAN = 11;
const STRING = 12;
const DATE_TIME = 13;
const TEXT = 14;
const UUID = 15;

/** Those that are more than one, or no value at all. */
const OTHER_TYPES = [
  [16, "DataSet"],
  [17, "Bytes"],
  [18, "File"],
  [19, "Template"],
  [20, "PropertySet"],
  [21, "PropertySetList"],
] as const;
const NAMES = new Map<number, string>(OTHER_TYPES);
const FIRST_ARRAY = 22;
const LAST_ARRAY = 34;

const MISMATCH: MetricValue = { refusal: "value not of its type" };

/** @param datatype the metric's own, or the one of its birth */
export function valueOf(metric: Metric, datatype: number | undefined): MetricValue {
  if (metric.isNull === true) return { scalar: null };
  const integer = INTEGER_BITS.get(datatype ?? 0);
  if (integer) return fromInteger(metric, integer);
  switch (datatype) {
    case INT64:
      return fromLong(metric.longValue, true);
    case UINT64:
    case DATE_TIME:
      return fromLong(metric.longValue, false);
    case FLOAT:
      return metric.floatValue === undefined
        ? MISMATCH
        : { scalar: shortestFloat32(metric.floatValue) };
    case DOUBLE:
      return scalarOf(metric.doubleValue);
    case BOOLEAN:
      return scalarOf(metric.booleanValue);
    case STRING:
    case TEXT:
    case UUID:
      return scalarOf(metric.stringValue);
    default:
      return { refusal: `unsupported type ${typeName(datatype)}` };
  }
}

/** Senders put a negative number in 32 bits, or in as many as its type has: both are understood. */
function fromInteger(
  { intValue: raw, longValue }: Metric,
  { bits, isSigned }: { bits: number; isSigned: boolean },
): MetricValue {
  if (raw === undefined) return fromWideInteger(longValue, bits, isSigned);
  if (!isSigned) return raw < 2 ** bits ? { scalar: raw } : MISMATCH;
  const unused = 32 - bits;
  const value = (raw << unused) >> unused;
  return raw < 2 ** bits || value === (raw | 0) ? { scalar: value } : MISMATCH;
}

/** Some libraries put integers of up to 32 bits where those of 64 go: in their own bits, or in all. */
function fromWideInteger(raw: bigint | undefined, bits: number, isSigned: boolean): MetricValue {
  if (raw === undefined) return MISMATCH;
  if (raw < 2n ** BigInt(bits)) {
    return { scalar: Number(isSigned ? BigInt.asIntN(bits, raw) : raw) };
  }
  const value = BigInt.asIntN(64, raw);
  return isSigned && value === BigInt.asIntN(bits, value) ? { scalar: Number(value) } : MISMATCH;
}

function fromLong(raw: bigint | undefined, isSigned: boolean): MetricValue {
  if (raw === undefined) return MISMATCH;
  const value = isSigned ? BigInt.asIntN(64, raw) : raw;
  const number = Number(value);
  return { scalar: Number.isSafeInteger(number) ? number : value };
}

function scalarOf(value: Scalar | undefined): MetricValue {
  return value === undefined ? MISMATCH : { scalar: value };
}

function typeName(datatype: number | undefined): string {
  if (datatype === undefined) return "none";
  if (datatype >= FIRST_ARRAY && datatype <= LAST_ARRAY) return "array";
  return NAMES.get(datatype) ?? String(datatype);
}

const QUALITY_PROPERTY = "Quality";
const QUALITY_BAD = 0;
const QUALITY_GOOD = 192;
const QUALITY_STALE = 500;

/** What the sender says of the value in its property `Quality`; undefined where it is content. */
export function qualityOf({
  properties,
}: Metric): { quality: Quality; reason: QualityReason } | undefined {
  const at = properties?.keys?.indexOf(QUALITY_PROPERTY) ?? -1;
  const property = at < 0 ? undefined : properties?.values?.[at];
  if (!property || property.isNull === true) return undefined;
  const code = property.intValue ?? Number(property.longValue ?? QUALITY_GOOD);
  switch (code) {
    case QUALITY_GOOD:
      return undefined;
    case QUALITY_BAD:
      return { quality: "bad", reason: "bad at the source" };
    case QUALITY_STALE:
      return { quality: "bad", reason: "stale" };
    default:
      return { quality: "uncertain", reason: "quality unknown" };
  }
}
