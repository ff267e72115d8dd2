/** Durations and sizes with their units, as the command line takes them. */
const DURATION_MS = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

const SIZE_BYTES = new Map([
  ["KiB", 2 ** 10],
  ["MiB", 2 ** 20],
  ["GiB", 2 ** 30],
  ["TiB", 2 ** 40],
]);

function parse(text: string, units: ReadonlyMap<string, number>): number | undefined {
  const [, number, unit = ""] = /^(\d{1,9}(?:\.\d{1,3})?)([A-Za-z]+)$/.exec(text) ?? [];
  const factor = units.get(unit);
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}

/** `200ms`, `10s`, `5m`, `2h`, `7d`. */
export function parseDurationMs(text: string): number | undefined {
  return parse(text, DURATION_MS);
}

/** `64MiB`, `2GiB`. */
export function parseSizeBytes(text: string): number | undefined {
  return parse(text, SIZE_BYTES);
}
