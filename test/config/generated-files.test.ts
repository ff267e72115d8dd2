import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { generatedFiles } from "#config/generated-files.ts";

const root = join(import.meta.dirname, "../..");

function stored(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

test.each(generatedFiles().map(({ path, text }) => [path, text]))(
  "%s is up to date (else: node config/generate.ts)",
  (path, text) => {
    expect(withoutLayout(stored(path))).toBe(withoutLayout(text));
  },
);

/** The formatter aligns tables and breaks lists as it likes. */
function withoutLayout(text: string): string {
  return text.replaceAll(/-{3,}/g, "---").replaceAll(/\s+/g, "");
}

/** Editors see a secret as a text. */
function example(name: string): unknown {
  const text = stored(`config/examples/${name}.yaml`).replaceAll("!secret ", "");
  return parse(text);
}

test.each(["gateway", "sink"])(
  "the example of a %s fits the JSON Schema that editors use",
  (name) => {
    const schema = z.fromJSONSchema(JSON.parse(stored(`config/schema/${name}.schema.json`)));
    const good = example(name);
    expect(schema.safeParse(good).error).toBeUndefined();
    expect(schema.safeParse({ ...Object(good), surplus: 1 }).success).toBe(false);
  },
);

test("every key of both files says what it means", () => {
  const page = stored("docs/configuration.md");
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  expect(rows.length).toBeGreaterThan(60);
  expect(rows.filter((row) => row.endsWith("|  |"))).toEqual([]);
});
