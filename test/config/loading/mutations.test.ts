/** Whatever a hand, a bad copy or a half-written file makes of a good one: faults, never a crash. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { ConfigError, type Fault } from "#config/faults/faults.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { fc } from "#test/support/properties.ts";

// Many runs each, on machines that other work may keep busy.
vi.setConfig({ testTimeout: 60_000 });

const example = readFileSync(
  join(import.meta.dirname, "../../../config/examples/gateway.yaml"),
  "utf8",
);
const lines = example.split("\n");
const secrets = { environment: { PENSTOCK_SECRET_EVENT_HUBS: "k" } };

function faultsIn(text: string): readonly Fault[] {
  try {
    loadGateway({ file: "g.yaml", text }, secrets);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) {
      expect(error.faults.length).toBeGreaterThan(0);
      return error.faults;
    }
    throw error;
  }
}

/** What is wrong with the messages about a text, if anything. */
function flawsOf(text: string): string[] {
  const count = text.split(/\r\n|\n|\r/).length;
  return faultsIn(text).flatMap(({ line, column, message, excerpt }) => {
    const flaws: string[] = [];
    if (line < 1 || line > count || column < 1) flaws.push(`nowhere: ${line}:${column}`);
    if (/undefined|\[object|NaN|not valid YAML/.test(message)) flaws.push(message);
    if (excerpt !== "" && !excerpt.includes("^")) flaws.push(excerpt);
    return flaws;
  });
}

const place = fc.nat(example.length);
const typed = fc.oneof(
  fc.string({ maxLength: 3 }),
  fc.constantFrom(
    ":",
    ": ",
    "\n",
    "\t",
    "{",
    "}",
    "[",
    "]",
    '"',
    "'",
    "#",
    "- ",
    "&a ",
    "*a",
    "!x ",
  ),
);

test("any text typed over any other at any place", () => {
  fc.assert(
    fc.property(place, fc.nat(12), typed, (at, length, text) => {
      expect(flawsOf(example.slice(0, at) + text + example.slice(at + length))).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test("any line left out, doubled, or moved to another indentation", () => {
  const line = fc.nat(lines.length - 1);
  const change = fc.constantFrom("out", "doubled", "in", "back");
  fc.assert(
    fc.property(line, change, (at, how) => {
      const before = lines.slice(0, at);
      const after = lines.slice(at + 1);
      const chosen = lines[at]!;
      const changed = {
        out: [],
        doubled: [chosen, chosen],
        in: [` ${chosen}`],
        back: [chosen.slice(1)],
      }[how];
      expect(flawsOf([...before, ...changed, ...after].join("\n"))).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test("any end cut off", () => {
  fc.assert(
    fc.property(place, (at) => {
      expect(flawsOf(example.slice(0, at))).toEqual([]);
    }),
    { numRuns: 150 },
  );
});
