/**
 * `npm run fuzz -- --minutes N [--target NAME] [--seed K] [--replay FILE] [--json]`: feeds every
 * parser of the product with wrong inputs. Exit code 1 where one throws what it does not declare, hangs,
 * or holds more and more memory.
 */
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findTargets } from "./find-targets.ts";
import { type Finding, Fuzzer, type FuzzTotals, thrownBy } from "./fuzzer.ts";
import { type Held, heldMemory } from "./memory.ts";
import type { FuzzTarget } from "./target.ts";

const EXIT = { fine: 0, failed: 1, misuse: 2 } as const;

/** Each target in turn for so long. */
const SLICE_MS = 200;

/** What is held after a tenth of the time is what a run holds; more than this on top is growth. */
const WARM_UP_SHARE = 0.1;
const GROWTH_BYTES_MAX = 32 * 1024 * 1024;

interface FuzzResult {
  minutes: number;
  seed: number;
  inputs: number;
  targets: readonly FuzzTotals[];
  warm: Held;
  end: Held;
  growthBytes: number;
  finding?: KeptFinding;
}

/** A finding whose input lies in a file. */
interface KeptFinding extends Omit<Finding, "input"> {
  file: string;
}

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string", default: "1" },
      target: { type: "string" },
      seed: { type: "string", default: "1" },
      replay: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const all = await findTargets();
  const chosen = all.filter(({ name }) => values.target === undefined || name === values.target);
  if (chosen.length === 0) {
    const list = all.map(({ name, describe }) => `  ${name.padEnd(16)} ${describe}`).join("\n");
    process.stderr.write(`There is no target "${values.target}". There are:\n${list}\n`);
    return EXIT.misuse;
  }
  if (values.replay !== undefined) return await replay(chosen, values.replay);
  const result = await run(chosen, Number(values.minutes), Number(values.seed));
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : render(result));
  return result.finding || result.growthBytes > GROWTH_BYTES_MAX ? EXIT.failed : EXIT.fine;
}

async function replay(targets: readonly FuzzTarget[], file: string): Promise<number> {
  const input = await readFile(file);
  for (const target of targets) {
    const thrown = await thrownBy(target, input);
    process.stdout.write(`${target.name}: ${thrown ?? "fine"}\n`);
    if (thrown !== undefined) return EXIT.failed;
  }
  return EXIT.fine;
}

async function run(
  targets: readonly FuzzTarget[],
  minutes: number,
  seed: number,
): Promise<FuzzResult> {
  const fuzzers = targets.map((target) => new Fuzzer(target, seed));
  const startMs = performance.now();
  const totalMs = minutes * 60_000;
  let warm: Held | undefined;
  let finding: Finding | undefined;
  for (let turn = 0; !finding && performance.now() - startMs < totalMs; turn++) {
    const fuzzer = fuzzers[turn % fuzzers.length];
    finding = fuzzer && (await slice(fuzzer));
    const isWarm = performance.now() - startMs > totalMs * WARM_UP_SHARE;
    if (!warm && isWarm && turn >= fuzzers.length) warm = await heldMemory();
  }
  const end = await heldMemory();
  warm ??= end;
  return {
    minutes,
    seed,
    inputs: fuzzers.reduce((sum, { totals }) => sum + totals.inputs, 0),
    targets: fuzzers.map(({ totals }) => totals),
    warm,
    end,
    growthBytes: sizeOf(end) - sizeOf(warm),
    ...(finding && { finding: await kept(finding) }),
  };
}

async function slice(fuzzer: Fuzzer): Promise<Finding | undefined> {
  const endMs = performance.now() + SLICE_MS;
  while (performance.now() < endMs) {
    const finding = await fuzzer.step();
    if (finding) return finding;
  }
  return undefined;
}

/** Free lists and the code cache make RSS rise for reasons of their own: what counts is held. */
function sizeOf({ heapBytes, externalBytes }: Held): number {
  return heapBytes + externalBytes;
}

async function kept(finding: Finding): Promise<KeptFinding> {
  const { target, seed, number, what, input } = finding;
  const file = join(tmpdir(), `fuzz-${target}-${seed}-${number}.bin`);
  await writeFile(file, input);
  return { target, seed, number, what, file };
}

function mib(size: number): string {
  return `${(size / 1024 / 1024).toFixed(1)} MiB`;
}

function render(result: FuzzResult): string {
  const { targets, inputs, minutes, seed, warm, end, growthBytes, finding } = result;
  const rows = targets.map(
    ({ target, inputs: own, bytes, slowestMs }) =>
      `  ${target.padEnd(16)} ${String(own).padStart(10)} inputs  ${mib(bytes).padStart(10)}  slowest ${slowestMs.toFixed(1)} ms`,
  );
  const memory = `held ${mib(sizeOf(warm))} warm, ${mib(sizeOf(end))} at the end (growth ${mib(growthBytes)}), RSS ${mib(warm.rssBytes)} and ${mib(end.rssBytes)}`;
  const lines = [`${inputs} inputs in ${minutes} min, seed ${seed}`, ...rows, memory];
  if (finding) {
    lines.push(`FOUND in ${finding.target}, input ${finding.number}: ${finding.what}`);
    lines.push(`again: npm run fuzz -- --target ${finding.target} --replay ${finding.file}`);
  }
  return `${lines.join("\n")}\n`;
}

process.exitCode = await main(process.argv.slice(2));
