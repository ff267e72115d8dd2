/** NAB's files as they come: `DIR/windows.json` and `DIR/<folder>/<file>.csv`, gzipped or not. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import type { RowWindow } from "./nab-rules.ts";

export interface NabFile {
  readonly name: string;
  readonly values: Float64Array;
  /** Milliseconds since 1970, taking the times as UTC; not always in order. */
  readonly ts: Float64Array;
  readonly windows: readonly RowWindow[];
}

const windowsFile = z.record(z.string(), z.array(z.tuple([z.string(), z.string()])));

export function readNab(folder: string): NabFile[] {
  const text = readFileSync(join(folder, "windows.json"), "utf8");
  const windows = windowsFile.parse(JSON.parse(text));
  return Object.entries(windows).map(([name, spans]) => readFile(folder, name, spans));
}

export function readMaybeGzipped(path: string): string {
  return existsSync(path)
    ? readFileSync(path, "utf8")
    : gunzipSync(readFileSync(`${path}.gz`)).toString("utf8");
}

function readFile(
  folder: string,
  name: string,
  spans: readonly (readonly [string, string])[],
): NabFile {
  const lines = readMaybeGzipped(join(folder, name)).trim().split(/\r?\n/).slice(1);
  const cells = lines.map((line) => line.split(","));
  const ts = Float64Array.from(cells, ([time]) => timeOf(time ?? ""));
  const values = Float64Array.from(cells, ([, value]) => Number(value));
  const rowOf = (time: string): number => {
    const row = ts.indexOf(timeOf(time));
    if (row < 0) throw new Error(`${name} has no row at ${time}`);
    return row;
  };
  return { name, ts, values, windows: spans.map(([from, to]) => [rowOf(from), rowOf(to)]) };
}

function timeOf(text: string): number {
  return Date.parse(`${text.trim().replace(" ", "T")}Z`);
}
