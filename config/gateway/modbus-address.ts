/**
 * Where a tag lives in a Modbus device. Manuals prefix the table and mostly count from 1 (`40001`),
 * some from 0 (`40000`); the protocol counts from 0 within each table. Only this file converts.
 */
import type { TagSettings } from "./tag.ts";

/** The four tables of Modbus (Application Protocol v1.1b3, section 4.3). */
export type Table = "coil" | "discrete" | "input" | "holding";

export interface Address {
  table: Table;
  /** From 0, as in the request. */
  start: number;
}

/** What a manual calls the first address of each table. */
export type AddressBase = 0 | 1;

/** The `3xxxx` and `4xxxx` notations, from 1: five digits reach 9999 registers, six all 65536. */
export const REGISTER_RANGES: readonly { table: Table; first: number; last: number }[] = [
  { table: "input", first: 30_001, last: 39_999 },
  { table: "holding", first: 40_001, last: 49_999 },
  { table: "input", first: 300_001, last: 365_536 },
  { table: "holding", first: 400_001, last: 465_536 },
];

/** Keys of a tag that hold an address. */
export const ADDRESS_KEYS = ["register", "coil", "discrete"] as const;
/** What only a register has: coils and discrete inputs are single bits. */
export const REGISTER_ONLY = [
  "type",
  "order",
  "scale",
  "offset",
  "length",
  "bit",
  "bits",
  "invalid",
  "scaleRegister",
  "counter",
] as const;

const COUNTED_KEYS = [...ADDRESS_KEYS, "scaleRegister"] as const;

/** The address of a tag that counts from 1; undefined when it has none, or one outside the notation. */
export function addressOf(
  tag: Pick<TagSettings, "register" | "coil" | "discrete">,
): Address | undefined {
  if (tag.coil !== undefined) return { table: "coil", start: tag.coil - 1 };
  if (tag.discrete !== undefined) return { table: "discrete", start: tag.discrete - 1 };
  return tag.register === undefined ? undefined : registerAddress(tag.register);
}

/** The address of a register in the `40001` notation; undefined outside of it. */
export function registerAddress(register: number): Address | undefined {
  const range = REGISTER_RANGES.find(({ first, last }) => register >= first && register <= last);
  return range && { table: range.table, start: register - range.first };
}

/** The address as a manual writes it, for messages: `40012`, `coil 4`. */
export function manualAddress(address: Address): string {
  const { table, start } = address;
  if (table === "coil" || table === "discrete") return `${table} ${start + 1}`;
  const digit = table === "holding" ? 4 : 3;
  return start < 9999 ? `${digit * 10_000 + start + 1}` : `${digit * 100_000 + start + 1}`;
}

/** The same tag in a notation whose numbers are greater by `by`. What is no number stays. */
export function shiftAddresses<T extends Readonly<Record<string, unknown>>>(tag: T, by: number): T {
  const shifted = COUNTED_KEYS.flatMap((key): [string, number][] => {
    const value = tag[key];
    return typeof value === "number" ? [[key, value + by]] : [];
  });
  return { ...tag, ...Object.fromEntries(shifted) };
}
