/**
 * How long `penstock check` takes, as a process: an empty file, a thousand devices of one template, and
 * a thousand devices whose ten tags are written out. What is compiled once is kept between the runs, as
 * by an installed `penstock`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export const name = "check";
export const describe = "`penstock check` on a thousand devices: time of the whole process";

const PROGRAM = fileURLToPath(new URL("../../agent/main.ts", import.meta.url));
const DEVICES = 1000;
const BUSES = 10;
const TAGS = 10;

export interface CheckBenchRow {
  file: string;
  bytes: number;
  wallMsMedian: number;
  wallMsLeast: number;
}

export async function run(args: readonly string[]): Promise<CheckBenchRow[]> {
  const options = { runs: { type: "string", default: "15" } } as const;
  const { values } = parseArgs({ args: [...args], options });
  const folder = await mkdtemp(join(tmpdir(), "penstock-check-"));
  try {
    const rows: CheckBenchRow[] = [];
    for (const [file, text] of Object.entries(files())) {
      rows.push(await measure(folder, file, text, Number(values.runs)));
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function files(): Record<string, string> {
  const limits = ", order: CDAB, unit: °C, deadband: 0.2, limits: { hh: 240, h: 230, deadband: 2 }";
  return {
    "no device": "version: 1\ngateway: hall-3\n",
    "1,000 devices of a template": plant(ofTemplate),
    "1,000 devices, 10,000 tags": plant((i) => writtenOut(i, "")),
    "1,000 devices, 10,000 tags with limits": plant((i) => writtenOut(i, limits)),
  };
}

function ofTemplate(i: number): string {
  return `  m${i}: { bus: ${busOf(i)}, unit: ${unitOf(i)}, template: eastron-sdm630 }\n`;
}

function writtenOut(i: number, more: string): string {
  const tags = Array.from(
    { length: TAGS },
    (_, tag) => `      t${tag}: { register: ${40_001 + 2 * tag}, type: float32${more} }\n`,
  );
  return `  m${i}:\n    bus: ${busOf(i)}\n    unit: ${unitOf(i)}\n    tags:\n${tags.join("")}`;
}

function busOf(i: number): string {
  return `b${i % BUSES}`;
}

function unitOf(i: number): number {
  return Math.floor(i / BUSES) + 1;
}

function plant(device: (index: number) => string): string {
  const buses = Array.from(
    { length: BUSES },
    (_, i) => `  b${i}: { modbus: tcp, host: 10.0.${i}.1 }\n`,
  );
  const devices = Array.from({ length: DEVICES }, (_, i) => device(i));
  return `version: 1\ngateway: hall-3\nbuses:\n${buses.join("")}devices:\n${devices.join("")}`;
}

async function measure(
  folder: string,
  file: string,
  text: string,
  runs: number,
): Promise<CheckBenchRow> {
  const path = join(folder, "gateway.yaml");
  await writeFile(path, text);
  const env = { NODE_COMPILE_CACHE: join(folder, "compiled") };
  const durations: number[] = [];
  // The first one compiles.
  for (let i = 0; i <= runs; i++) {
    const startedAtMs = performance.now();
    const child = spawn(process.execPath, [PROGRAM, "check", path], { env, stdio: "ignore" });
    const [code]: unknown[] = await once(child, "exit");
    if (code !== 0) throw new Error(`check of ${file} ended with ${String(code)}`);
    if (i > 0) durations.push(performance.now() - startedAtMs);
  }
  const sorted = durations.toSorted((a, b) => a - b);
  return {
    file,
    bytes: Buffer.byteLength(text),
    wallMsMedian: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
    wallMsLeast: Math.round(sorted[0] ?? 0),
  };
}
