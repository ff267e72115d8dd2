const SMALLEST_NORMAL = 2 ** -126;
const scratch = new Float32Array(1);

/**
 * The shortest decimal that reads back as the same float32, as a double: a register that holds
 * 71.2 gives 71.2 and not 71.19999694824219. NaN and infinities pass through.
 */
export function shortestFloat32(value: number): number {
  scratch[0] = value;
  const single = scratch[0];
  if (!Number.isFinite(single) || single === 0) return single; // Keeps the sign of -0.
  // Nine significant digits identify every float32 (IEEE 754, section 5.12.2), and fewer than six
  // are only worth trying where precision is lost: below the smallest normal number.
  const digitsMin = Math.abs(single) < SMALLEST_NORMAL ? 1 : 6;
  for (let digits = digitsMin; digits < 9; digits++) {
    const candidate = Number(single.toPrecision(digits));
    if (Math.fround(candidate) === single) return candidate;
  }
  return Number(single.toPrecision(9));
}
