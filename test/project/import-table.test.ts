/**
 * The import checker itself is checked: with a TypeScript that it does not know it reads no file and
 * finds no fault in anything. So a small copy of the project, with one violation planted, must fail.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const TIMEOUT_MS = 60_000;

/** One file in each folder, importing what it may. */
const TREE: Readonly<Record<string, string>> = {
  "core/reading.ts": "export interface Reading { ts: number }\n",
  "core/clock.ts": "export const origin = 0;\n",
  "config/gateway.ts": 'import { origin } from "#core/clock.ts";\nexport const start = origin;\n',
  "agent/buffer/store.ts": 'import { origin } from "#core/clock.ts";\nexport const at = origin;\n',
  "agent/detect/limits.ts":
    'import type { Reading } from "#core/reading.ts";\nexport type R = Reading;\n',
  "agent/uplink/send.ts": 'import { origin } from "#core/clock.ts";\nexport const sent = origin;\n',
  "agent/agent.ts": 'import { at } from "./buffer/store.ts";\nexport const agent = at;\n',
  "cloud/rollup/fold.ts": 'import { origin } from "#core/clock.ts";\nexport const fold = origin;\n',
  "cloud/hub/log.ts": "export const hub = 1;\n",
  "firmware-sim/fleet.ts":
    'import { start } from "#config/gateway.ts";\nexport const fleet = start;\n',
};

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "penstock-imports-"));
  for (const file of [".dependency-cruiser.js", "tsconfig.json", "package.json"]) {
    cpSync(join(root, file), join(folder, file));
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  for (const [path, text] of Object.entries(TREE)) plant(path, text);
});

afterEach(() => rmSync(folder, { recursive: true }));

function plant(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

interface Verdict {
  code: number;
  output: string;
}

/** What `npm run arch` says of the small project. */
function cruise(): Promise<Verdict> {
  const program = join(root, "node_modules/.bin/depcruise");
  const folders = ["agent", "cloud", "config", "core", "firmware-sim"];
  return new Promise((resolve) => {
    execFile(program, folders, { cwd: folder }, (error, stdout, stderr) => {
      const code = error ? Number(error.code ?? -1) : 0;
      resolve({ code, output: stdout + stderr });
    });
  });
}

test("what the table allows passes, and the imports are really read", {
  timeout: TIMEOUT_MS,
}, async () => {
  const { code, output } = await cruise();
  expect(output).toMatch(/no dependency violations found \((1\d|[2-9]\d) modules, [6-9] dep/);
  expect(code).toBe(0);
});

test.each([
  ["the cloud in the agent", "agent/uplink/send.ts", "#cloud/rollup/fold.ts"],
  ["the agent in the simulator", "firmware-sim/fleet.ts", "#agent/agent.ts"],
  ["the configuration in the core", "core/clock.ts", "#config/gateway.ts"],
  ["the buffer's inside in the uplink", "agent/uplink/send.ts", "../buffer/store.ts"],
  ["files in the pure detectors", "agent/detect/limits.ts", "node:fs"],
  ["the embedded hub in the rollups", "cloud/rollup/fold.ts", "../hub/log.ts"],
  ["a database driver outside of the buffer", "agent/uplink/send.ts", "level"],
])("%s is a violation", { timeout: TIMEOUT_MS }, async (_, file, imported) => {
  plant(file, `import * as wrong from "${imported}";\nexport const used = wrong;\n`);
  const { code, output } = await cruise();
  expect(output).toContain("dependency violations");
  expect(output).toContain(file);
  expect(code).not.toBe(0);
});

test("a type of the wrong side is a violation as well", { timeout: TIMEOUT_MS }, async () => {
  plant("cloud/rollup/row.ts", "export interface Row { n: number }\n");
  plant(
    "agent/detect/limits.ts",
    'import type { Row } from "#cloud/rollup/row.ts";\nexport type R = Row;\n',
  );
  const { code } = await cruise();
  expect(code).not.toBe(0);
});

test("a circle is a violation", { timeout: TIMEOUT_MS }, async () => {
  plant("core/a.ts", 'import { b } from "./b.ts";\nexport const a = (): number => b();\n');
  plant("core/b.ts", 'import { a } from "./a.ts";\nexport const b = (): number => a();\n');
  const { output } = await cruise();
  expect(output).toContain("no-circular");
});
