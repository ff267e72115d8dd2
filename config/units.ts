/** Units stand in the value (`50ms`, `8GiB`, `14d`), so that nobody guesses them. */
import { z } from "zod";
import { nearest } from "./nearest.ts";

const DURATION_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const SIZE_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};

const QUANTITY = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/;

function parseQuantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = QUANTITY.exec(text);
  const unit = units[match?.[2] ?? ""];
  return unit === undefined ? undefined : Number(match?.[1]) * unit;
}

function quantity(
  what: string,
  example: string,
  units: Readonly<Record<string, number>>,
): z.ZodPipe<z.ZodString, z.ZodTransform<number, string>> {
  return z
    .string({ error: `expected a ${what} with its unit, such as ${example}` })
    .transform((text, context) => {
      const value = parseQuantity(text, units);
      if (value === undefined) {
        const known = Object.keys(units).join(", ");
        context.addIssue(`"${text}" is not a ${what}: write it like ${example} (units: ${known})`);
        return z.NEVER;
      }
      return value;
    });
}

/** A duration such as `50ms`, `2s`, `14d`; becomes milliseconds. */
export const duration = quantity("duration", "10s", DURATION_MS);

/** A size such as `256MiB`, `8GiB`; becomes bytes. */
export const size = quantity("size", "64MiB", SIZE_BYTES);

/** A duration within bounds, both in milliseconds. */
export function durationBetween(minMs: number, maxMs: number): z.ZodType<number, string> {
  return duration.pipe(
    z
      .number()
      .min(minMs, { error: `too short: at least ${formatDuration(minMs)}` })
      .max(maxMs, { error: `too long: at most ${formatDuration(maxMs)}` }),
  );
}

/** A size within bounds, both in bytes. */
export function sizeBetween(minBytes: number, maxBytes: number): z.ZodType<number, string> {
  return size.pipe(
    z
      .int({ error: "a size is a whole number of bytes" })
      .min(minBytes, { error: `too small: at least ${formatSize(minBytes)}` })
      .max(maxBytes, { error: `too large: at most ${formatSize(maxBytes)}` }),
  );
}

/** In the largest unit that needs no decimals: 90000 is `90s`. */
export function formatDuration(durationMs: number): string {
  return inLargestUnit(durationMs, DURATION_MS, ["d", "h", "m", "s", "ms"]);
}

/** In the largest binary unit that needs no decimals: 65536 is `64KiB`. */
export function formatSize(bytes: number): string {
  return inLargestUnit(bytes, SIZE_BYTES, ["TiB", "GiB", "MiB", "KiB", "B"]);
}

function inLargestUnit(
  value: number,
  units: Readonly<Record<string, number>>,
  descending: readonly string[],
): string {
  const unit = descending.find((candidate) => value > 0 && value % (units[candidate] ?? 1) === 0);
  return unit === undefined
    ? `${value}${descending.at(-1)}`
    : `${value / (units[unit] ?? 1)}${unit}`;
}

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
  hour: "h",
  hours: "h",
  hr: "h",
  day: "d",
  days: "d",
  msec: "ms",
  millis: "ms",
  k: "KiB",
  kb: "kB",
  mb: "MB",
  gb: "GB",
  tb: "TB",
  g: "GiB",
};

const CLOCK_TIME = /^(\d+):([0-5]\d)$/;
const SEVERAL_UNITS = /^(?:\d+(?:ms|[smhd])\s*){2,}$/;

/** What somebody who wrote `text` for a duration or a size probably meant. */
export function quantityAdvice(text: string): string | undefined {
  if (text.startsWith("-")) return "it cannot be negative";
  const clock = CLOCK_TIME.exec(text);
  if (clock) {
    const total = Number(clock[1]) * 60 + Number(clock[2]);
    return `write ${total}s for ${clock[1]} minutes ${clock[2]} seconds, ${total}m for ${clock[1]} hours ${clock[2]} minutes`;
  }
  if (SEVERAL_UNITS.test(text)) return `write it with one unit: ${formatDuration(sumOf(text))}`;
  if (/^\d+(?:\.\d+)?$/.test(text)) return "add the unit to the number, without a space";
  const match = QUANTITY.exec(text);
  const unit = match && likelyUnit(match[2] ?? "");
  return unit === undefined || unit === null ? undefined : `did you mean ${match?.[1]}${unit}?`;
}

function likelyUnit(written: string): string | undefined {
  const lower = written.toLowerCase();
  const known = [...Object.keys(DURATION_MS), ...Object.keys(SIZE_BYTES)];
  const word = UNIT_WORDS[lower] ?? known.find((unit) => unit.toLowerCase() === lower);
  return word ?? nearest(written, known);
}

function sumOf(text: string): number {
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|[smhd])/g)) {
    total += Number(amount) * (DURATION_MS[unit ?? ""] ?? 0);
  }
  return total;
}
