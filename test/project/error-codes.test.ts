import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { errorCodes } from "#core/errors.ts";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/errors.md"), "utf8");
const rows = [...page.matchAll(/^\| `([A-Z_]+)`\s*\|([^|]*)\|([^|]*)\|$/gm)];

test("each error code stands in docs/errors.md, and no other does", () => {
  expect(rows.map(([, code]) => code)).toEqual(errorCodes);
});

test("each says what happened and what to do", () => {
  for (const [, code, meaning = "", advice = ""] of rows) {
    expect(meaning.trim().length, `${code}: what happened`).toBeGreaterThan(20);
    expect(advice.trim().length, `${code}: what to do`).toBeGreaterThan(10);
  }
});

test("each error code has a place in the program", () => {
  const files = globSync("{agent,cloud,config,core,firmware-sim}/**/*.ts", { cwd: root });
  const texts = files
    .filter((file) => file !== join("core", "errors.ts"))
    .map((file) => readFileSync(join(root, file), "utf8"))
    .join("\n");
  expect(errorCodes.filter((code) => !texts.includes(`"${code}"`))).toEqual([]);
});
