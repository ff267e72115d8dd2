/** Steps of 1, 2 and 5 times the powers of ten: the finest is size 0, and each is the next larger one. */
const FACTORS = [1, 2, 5] as const;
const SIZES_PER_DECADE = FACTORS.length;
const EXPONENT_MIN = -42;

/** How many sizes there are: 1e-42 to 5e42. */
export const STEP_SIZES = SIZES_PER_DECADE * (1 - 2 * EXPONENT_MIN);

/** So many steps are `TIMES` as much, or that by `PER`, which is exact where the factor is not. */
const TIMES = new Float64Array(STEP_SIZES);
const PER = new Float64Array(STEP_SIZES);
const STEPS_PER_UNIT = new Float64Array(STEP_SIZES);

for (let size = 0; size < STEP_SIZES; size++) {
  const exponent = Math.floor(size / SIZES_PER_DECADE) + EXPONENT_MIN;
  const factor = FACTORS[size % SIZES_PER_DECADE] ?? 1;
  TIMES[size] = Number(`${factor}e${Math.max(0, exponent)}`);
  PER[size] = Number(`1e${Math.max(0, -exponent)}`);
  STEPS_PER_UNIT[size] = Number(`1e${-exponent}`) / factor;
}

/** The finest size whose step is at least so large; `STEP_SIZES` where none is. */
export function sizeFor(least: number): number {
  const decade = Math.floor(Math.log10(least)) - 1;
  let size = Math.max(0, SIZES_PER_DECADE * (decade - EXPONENT_MIN));
  while (size < STEP_SIZES && valueOf(1, size) < least) size += 1;
  return Math.min(size, STEP_SIZES);
}

/** The nearest whole number of steps. */
export function inSteps(value: number, size: number): number {
  return Math.round(value * (STEPS_PER_UNIT[size] ?? Number.NaN));
}

export function valueOf(steps: number, size: number): number {
  return (steps * (TIMES[size] ?? Number.NaN)) / (PER[size] ?? Number.NaN);
}
