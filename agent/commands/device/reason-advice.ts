/** What a technician can do about a reading that is bad. Pure. */
import type { QualityReason } from "#core/reading.ts";

/** Modbus Application Protocol v1.1b3, section 7. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  "exception 1":
    "the device does not know this kind of read: try input registers (3xxxx) instead of holding (4xxxx)",
  "exception 2":
    "the device has no such register: manuals that count from 0 are one off; see `probe` and `addressBase`",
  "exception 3": "the device does not allow this span of registers: try one register alone",
  "exception 4": "the device failed to read it: see the device's own display",
  "exception 5": "the device is busy with a long task: it is asked again later",
  "exception 6": "the device is busy: it is asked again later",
  "exception 10": "the gateway in between has no way to that unit: see its routing",
  "exception 11": "the gateway in between got no answer from that unit: is the unit id right?",
};

/** The same codes, where something was to be written. */
const WRITE_EXCEPTIONS: Readonly<Record<number, string>> = {
  1: "the device does not know this kind of write: many take one register alone, or none at all",
  2: "the device has no such register, or nobody may write it",
  3: "the device refuses this value: see its manual for what it takes",
  4: "the device failed to take it: is it locked, or in local operation?",
  6: "the device is busy: try again",
};

export function writeAdviceFor(code: number): string {
  return WRITE_EXCEPTIONS[code] ?? "see the device's manual";
}

const OTHERS: Readonly<Record<string, string>> = {
  timeout:
    "no answer: is the device powered, and the unit id right? On a serial line: are A and B swapped, do baud and parity fit? `scan` finds out",
  "not a number": "the bytes are no number of this type: `probe` shows all types and word orders",
  infinite: "the bytes are no number of this type: `probe` shows all types and word orders",
  "beyond 2^53": "too large to be a counter: most likely the wrong type or word order; see `probe`",
  "not BCD": "these are no decimal digits: `probe` shows what else it may be",
  "invalid code": "the device says by this code that it has no value",
  "out of range": "outside of the tag's `range`: is it absurd? `probe` shows all word orders",
};

export function adviceFor(reason: QualityReason | undefined): string | undefined {
  if (reason === undefined) return undefined;
  return EXCEPTIONS[reason] ?? OTHERS[reason];
}
