/**
 * `npm run bench -- NAME [--json] [arguments]`: runs one benchmark; without a name, lists them.
 * A benchmark is a file of this folder that exports what `bench.ts` says.
 */
import { readdir } from "node:fs/promises";
import { messageOf } from "#core/errors.ts";
import { type Bench, isBench } from "./bench.ts";

const EXIT = { fine: 0, failed: 1, misuse: 2 } as const;

async function main(args: readonly string[]): Promise<number> {
  const benches = await findBenches();
  const [name, ...rest] = args;
  if (name === undefined || name === "--help") {
    process.stdout.write(listOf(benches));
    return EXIT.fine;
  }
  const bench = benches.find((candidate) => candidate.name === name);
  if (!bench) {
    process.stderr.write(`No benchmark is called ${name}.\n\n${listOf(benches)}`);
    return EXIT.misuse;
  }
  const isJson = rest.includes("--json");
  const result = await bench.run(rest.filter((arg) => arg !== "--json"));
  process.stdout.write(`${isJson ? JSON.stringify(result) : renderResult(bench, result)}\n`);
  return EXIT.fine;
}

async function findBenches(): Promise<Bench[]> {
  const folder = new URL("./", import.meta.url);
  const files = (await readdir(folder)).filter((file) => file.endsWith(".ts")).toSorted();
  const benches: Bench[] = [];
  for (const file of files) {
    // This file waits for the list (importing itself would never end), and tests need their runner.
    if (file === "main.ts" || file.endsWith(".test.ts")) continue;
    const module: unknown = await import(new URL(file, folder).href);
    if (typeof module === "object" && module !== null && isBench(module)) benches.push(module);
  }
  return benches;
}

function listOf(benches: readonly Bench[]): string {
  const width = Math.max(0, ...benches.map((bench) => bench.name.length));
  const lines = benches.map((bench) => `  ${bench.name.padEnd(width)}  ${bench.describe}\n`);
  return `npm run bench -- NAME [--json] [arguments]\n\n${lines.join("")}`;
}

function renderResult(bench: Bench, result: unknown): string {
  return bench.render?.(result) ?? JSON.stringify(result, undefined, 2);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = EXIT.failed;
}
