/** What somebody meant who wrote a duration or a size in another way than ours. */

import { DURATION_MS, formatDuration, SIZE_BYTES } from "../units.ts";
import { nearest } from "./nearest.ts";

/** Units that people write for ours. */
const UNIT_WORDS: Readonly<Record<string, string>> = {
  sec: "s",
  secs: "s",
  second: "s",
  seconds: "s",
  min: "m",
  mins: "m",
  minute: "m",
  minutes: "m",
  hr: "h",
  hour: "h",
  hours: "h",
  day: "d",
  days: "d",
  msec: "ms",
  millis: "ms",
  k: "KiB",
  g: "GiB",
};

/** Whoever writes so large a number means bytes. */
const LARGE_BYTES = 2 ** 20;

const PLAIN_NUMBER = /^\d+(?:\.\d+)?$/;
const NUMBER_AND_UNIT = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/;
const CLOCK_TIME = /^(\d+):([0-5]\d)$/;
const SEVERAL_UNITS = /^(?:\d+(?:ms|[smhd])\s*){2,}$/;

export function quantityAdvice(what: "duration" | "size", text: string): string {
  const units = Object.keys(what === "duration" ? DURATION_MS : SIZE_BYTES);
  if (text.startsWith("-")) return "it cannot be negative";
  if (PLAIN_NUMBER.test(text)) {
    const examples =
      what === "duration" ? units : Number(text) < LARGE_BYTES ? ["KiB", "MiB", "GiB"] : ["B"];
    return `write ${listed(examples.map((unit) => text + unit))}`;
  }
  if (what === "duration" && CLOCK_TIME.test(text)) return clockAdvice(text);
  if (SEVERAL_UNITS.test(text)) return `write it with one unit: ${formatDuration(sumOf(text))}`;
  const [, amount, unit] = NUMBER_AND_UNIT.exec(text) ?? [];
  const meant = unit === undefined ? undefined : likelyUnit(unit, units);
  return meant === undefined ? `the units are ${listed(units)}` : `did you mean ${amount}${meant}?`;
}

/** `12:30` could be minutes or hours: YAML 1.1 would have made 750 of it in silence. */
function clockAdvice(text: string): string {
  const [, major = "", minor = ""] = CLOCK_TIME.exec(text) ?? [];
  const total = Number(major) * 60 + Number(minor);
  const asMinutes = `${total}s for ${major} minutes ${minor} seconds`;
  return `write ${asMinutes}, ${total}m for ${major} hours ${minor} minutes`;
}

function likelyUnit(written: string, units: readonly string[]): string | undefined {
  const lower = written.toLowerCase();
  const word = UNIT_WORDS[lower] ?? units.find((unit) => unit.toLowerCase() === lower);
  return word !== undefined && units.includes(word) ? word : nearest(written, units);
}

function sumOf(text: string): number {
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|[smhd])/g)) {
    total += Number(amount) * (DURATION_MS[unit ?? ""] ?? 0);
  }
  return total;
}

/** `a, b or c`. */
export function listed(texts: readonly string[]): string {
  const last = texts.at(-1) ?? "";
  return texts.length < 2 ? last : `${texts.slice(0, -1).join(", ")} or ${last}`;
}
