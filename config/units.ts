/** Units stand in the value (`50ms`, `8GiB`, `14d`), so that nobody guesses them. */
import { z } from "zod";

export const HOUR_MS = 3_600_000;

export const DURATION_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: HOUR_MS,
  d: 86_400_000,
};

export const SIZE_BYTES: Readonly<Record<string, number>> = {
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

const QUANTITY = /^(\d+(?:\.\d+)?)\s*([A-Za-z/%]+)$/;

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
    .meta({ title: what, pattern: `^\\d+(\\.\\d+)?\\s*(${Object.keys(units).join("|")})$` })
    .transform((text, context) => {
      const value = parseQuantity(text, units);
      if (value === undefined) {
        context.addIssue(`"${text}" is not a ${what}, such as ${example}`);
        return z.NEVER;
      }
      return value;
    });
}

/** A duration such as `50ms`, `2s`, `14d`; becomes milliseconds. */
export const duration = quantity("duration", "10s", DURATION_MS);

/** A size such as `256MiB`, `8GiB`; becomes bytes. */
export const size = quantity("size", "64MiB", SIZE_BYTES);

const RATE_BYTES_PER_SECOND = Object.fromEntries(
  Object.entries(SIZE_BYTES).map(([unit, bytes]) => [`${unit}/s`, bytes]),
);

/** A rate such as `1MB/s`, from 1 kB/s on; becomes bytes per second. */
export const sizePerSecond = quantity("rate", "1MB/s", RATE_BYTES_PER_SECOND).pipe(
  z.number().min(1000, { error: "too slow: at least 1kB/s" }),
);

/** A share such as `50%` within bounds, both in percent; becomes a number from 0 to 1. */
export function percentBetween(min: number, max: number): z.ZodType<number, string> {
  return quantity("percentage", "50%", { "%": 1 }).pipe(
    z
      .number()
      .min(min, { error: `too small: at least ${min}%` })
      .max(max, { error: `too large: at most ${max}%` })
      .transform((percent) => percent / 100),
  );
}

/** A duration within bounds, both in milliseconds. */
export function durationBetween(minMs: number, maxMs: number): z.ZodType<number, string> {
  return duration.pipe(
    z
      .number()
      .min(minMs, { error: `too short: at least ${formatDuration(minMs)}` })
      .max(maxMs, { error: `too long: at most ${formatDuration(maxMs)}` }),
  );
}

const PER_SECOND: Readonly<Record<string, number>> = { s: 1, min: 1 / 60, h: 1 / 3600 };

/** How fast something changes: `0.5` a second, `30/min`, `100/h`; becomes units a second. */
export const changeRate: z.ZodType<number, number | string> = z.union(
  [
    z.number().positive(),
    z
      .string()
      .regex(/^\d+(?:\.\d+)?\/(?:s|min|h)$/)
      .transform((text) => {
        const [amount = "", per = ""] = text.split("/");
        return Number(amount) * (PER_SECOND[per] ?? Number.NaN);
      })
      .pipe(z.number().positive()),
  ],
  { error: "a number of the tag's unit a second, such as 0.5, or a rate, such as 30/min" },
);

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
