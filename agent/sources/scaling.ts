/**
 * Scale and offset without float dust: 713 × 0.1 is 71.3, and not 71.30000000000001. Both factors
 * are decimals to whoever wrote them, so the sum is done on whole numbers and divided once: the
 * quotient of two exact doubles is the double nearest to the true result (IEEE 754).
 */

/** `digits` × 10^`exponent`, both whole. */
interface Decimal {
  digits: number;
  exponent: number;
}

export type Scaler = (raw: number) => number;

/** Powers of ten up to here are exact doubles. */
const EXACT_EXPONENT_MAX = 22;

/** Significant digits that every double keeps: what lies beyond is the arithmetic's dust. */
const SIGNIFICANT_DIGITS = 15;

/** Computes `raw × scale + offset`. Zero comes out as +0. */
export function createScaler(scale: number, offset: number): Scaler {
  if (scale === 1 && offset === 0) return (raw) => raw;
  const factor = decimalOf(scale);
  const summand = decimalOf(offset);
  return (raw) => {
    const exact = exactly(decimalOf(raw), factor, summand);
    const scaled = exact ?? Number((raw * scale + offset).toPrecision(SIGNIFICANT_DIGITS));
    return scaled === 0 ? 0 : scaled;
  };
}

/** Undefined where the whole numbers do not fit: then ordinary arithmetic has to do. */
function exactly(raw: Decimal, scale: Decimal, offset: Decimal): number | undefined {
  const product = { digits: raw.digits * scale.digits, exponent: raw.exponent + scale.exponent };
  if (!isExact(product.digits)) return undefined;
  const common = commonExponent(product, offset);
  const scaled = product.digits * 10 ** Math.max(0, product.exponent - common);
  const shift = offset.digits * 10 ** Math.max(0, offset.exponent - common);
  const sum = scaled + shift;
  if (!isExact(scaled) || !isExact(shift) || !isExact(sum)) return undefined;
  if (Math.abs(common) > EXACT_EXPONENT_MAX) return undefined;
  return common < 0 ? sum / 10 ** -common : sum * 10 ** common;
}

/** Zero fits any exponent. */
function commonExponent(a: Decimal, b: Decimal): number {
  if (a.digits === 0) return b.exponent;
  return b.digits === 0 ? a.exponent : Math.min(a.exponent, b.exponent);
}

function isExact(value: number): boolean {
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}

/** The shortest decimal that reads back as the value, which is what its author wrote. */
function decimalOf(value: number): Decimal {
  if (Number.isSafeInteger(value)) return { digits: value, exponent: 0 };
  const text = value.toExponential();
  const mark = text.indexOf("e");
  const mantissa = text.slice(0, mark);
  const point = mantissa.indexOf(".");
  const decimals = point < 0 ? 0 : mantissa.length - point - 1;
  return {
    digits: Number(mantissa.replace(".", "")),
    exponent: Number(text.slice(mark + 1)) - decimals,
  };
}
