/** The quick reading gives what the full parser gives, or nothing: never something of its own. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { decodeSource } from "#config/loading/read-source.ts";
import { parseYaml } from "#config/yaml/parse-yaml.ts";
import { readPlainYaml } from "#config/yaml/plain-yaml.ts";
import { SourceText } from "#config/yaml/source-text.ts";
import { fc } from "#test/support/properties.ts";

/** A comparison takes 0.5 ms; raise it to compare for longer. */
const RUNS = 500;

const config = join(import.meta.dirname, "../../../config");

function contents(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  return names.map((name) => readFileSync(join(folder, name), "utf8"));
}

const good = [...contents(join(config, "examples")), ...contents(join(config, "templates"))];

/** Of everything that a configuration may hold, on purpose or by accident. */
const DENSE = `# all of it
version: 1
a: { b: 1, c: -2.50, d: "x: y", e: 'it''s', f: [1, 0x7FFF, ~, true, FALSE], g: {} }
"quoted key": plain text with  blanks # and a comment
list:
  - one
  - two: 2
    three: 3
  - [a, b]
-5: five
10-0: 10.0.0.1
time: 12:30
unit: °C
empty:
several: { lines: [1,
    2], more: 3 }
secret: !secret event-hubs
variable: \${HOST:?say which}
escaped: "\\x41\\n\\u00e4"
pattern: "(?<weight>[-+.0-9]+) kg"
`;

interface Answers {
  quick: unknown;
  full: unknown;
}

/** Where the quick reading took a text, and the full one has faults or other data. */
function disagreements(text: string): Answers[] {
  const data = readPlainYaml(text);
  if (data === undefined) return [];
  const quick = { data, faults: [], refused: [] };
  const { tree, faults, refused } = parseYaml(new SourceText("f.yaml", text));
  const full = { data: tree?.document.toJS(), faults, refused };
  return isDeepStrictEqual(quick, full) ? [] : [{ quick, full }];
}

test("examples and templates are read quickly", () => {
  const texts = [DENSE, ...good];
  expect(texts.filter((text) => readPlainYaml(text) === undefined)).toEqual([]);
  expect(texts.flatMap(disagreements)).toEqual([]);
});

test.each([
  ["anchors and aliases", "a: &x 1\nb: *x\n"],
  ["merge keys", "a: { <<: { b: 1 } }\n"],
  ["tags", "a: !!str 1\n"],
  ["directives", "%YAML 1.1\n---\na: 1\n"],
  ["two documents", "a: 1\n---\nb: 2\n"],
  ["leading zeros", "a: 010\n"],
  ["a key that is no text", "true: 1\n"],
  ["a key that is written otherwise than it is", "10.0: a\n"],
  ["a key in hexadecimal", "a: { 0x10: a }\n"],
  ["a decimal comma", "a: { scale: 0,1 }\n"],
  ["a key given twice", "a: 1\na: 2\n"],
  ["a prototype", "__proto__: { a: 1 }\n"],
  ["tabs", "a:\tb\n"],
  ["a text of several lines", "a: |\n  b\n"],
  ["brackets that close too far left", "a: [\n1]\n"],
  ["nothing", "# only a comment\n"],
  ["no YAML", "a: [1, 2\n"],
])("what may be read in two ways is left to the full parser: %s", (_what, text) => {
  expect(readPlainYaml(text)).toBeUndefined();
});

const MARKS = [
  ": ",
  "\n",
  "\n  ",
  "\n    ",
  "  ",
  "{",
  "}",
  "[",
  "]",
  ",",
  ", ",
  '"',
  "'",
  "#",
  " #",
  "- ",
];
const RARE_MARKS = [
  "? ",
  "&a ",
  "*a",
  "!x ",
  "!secret ",
  "<<",
  "__proto__",
  "|",
  ">-",
  "%",
  "---",
  "...",
];
const WORDS = [
  "0",
  "01",
  "1_0",
  "0b1",
  "0x1F",
  "+1",
  "-.5",
  "1.",
  "1e3",
  ".inf",
  ".nan",
  "~",
  "Yes",
];
const CHARACTERS = ["\\", "\\x4", "\r", "\r\n", "\u0085", "\u2028", "\ufeff", "\0", "é", "12:30"];

const piece = fc.constantFrom(...MARKS, ...RARE_MARKS, ...WORDS, ...CHARACTERS);
const change = fc.record({
  at: fc.nat(),
  length: fc.oneof(fc.constant(0), fc.nat(12)),
  text: fc.oneof(piece, fc.string({ maxLength: 3 })),
});

describe("the quick reading agrees with the full one", () => {
  test("on every faulty file of the cases", () => {
    const cases = join(import.meta.dirname, "../cases");
    const texts = readdirSync(cases).flatMap(
      (name) => textIn(join(cases, name, "input.yaml")) ?? [],
    );
    const taken = texts.filter((text) => readPlainYaml(text) !== undefined);
    expect(taken.length).toBeGreaterThan(20);
    expect(taken.flatMap(disagreements)).toEqual([]);
  });

  test("whatever is typed over any text", () => {
    const base = fc.constantFrom(DENSE, ...good);
    fc.assert(
      fc.property(base, fc.array(change, { minLength: 1, maxLength: 3 }), (text, changes) => {
        let changed = text;
        for (const { at, length, text: typed } of changes) {
          const from = at % (changed.length + 1);
          changed = changed.slice(0, from) + typed + changed.slice(from + length);
        }
        expect(disagreements(changed)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  test("on short texts of such pieces alone", () => {
    const short = fc.array(fc.oneof(piece, fc.constantFrom("a", "b: ", "c: d\n")));
    fc.assert(
      fc.property(short, (pieces) => {
        expect(disagreements(`k: ${pieces.join("")}`)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});

/** Undefined for what is no UTF-8. */
function textIn(path: string): string | undefined {
  try {
    return decodeSource(path, readFileSync(path)).text;
  } catch {
    return undefined;
  }
}
