/**
 * What a reading is made of. A reading is the value of a device's tag at a time (milliseconds since
 * 1970, when it was measured; never stamped anew), with a quality, and a reason exactly when that is
 * not good. Readings travel in columns (`Block` in chunk.ts): at 100,000 a second an object each
 * would cost more than the reading.
 */

/** `null` only where there is no value: quality is then bad, and the reason says why. */
export type Value = number | boolean | string | null;

export type Quality = "good" | "uncertain" | "bad";

/** Why a reading is not good. The text is stable: people filter by it. */
export type QualityReason = string;
