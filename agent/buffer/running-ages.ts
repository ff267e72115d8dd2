/**
 * How much later than each moment the last one was, told from stamps of a wall clock that may have
 * been set in between. Stamps are in the order of the moments. A step back counts nothing, and a leap
 * forward no more than a minute, be it a clock that was set or a pause: an age is rather told too
 * short, for what is kept too long does no harm.
 */
const LEAP_MS_MAX = 60_000;

export function runningAges(stampsMs: readonly number[]): number[] {
  const ages: number[] = [];
  let ageMs = 0;
  for (let i = stampsMs.length - 1; i >= 0; i--) {
    const stepMs = (stampsMs[i + 1] ?? Number.NaN) - (stampsMs[i] ?? Number.NaN);
    if (stepMs > 0) ageMs += Math.min(stepMs, LEAP_MS_MAX);
    ages.push(ageMs);
  }
  return ages.toReversed();
}
