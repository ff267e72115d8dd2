/** Payloads of MQTT messages. */
import { PenstockError } from "#core/errors.ts";
import { decode } from "#test/agent/sources/payload/decode.ts";
import { bytes, type FuzzTarget, holds } from "../target.ts";

type Rule = Parameters<typeof decode>[1];

function decodes(input: Uint8Array, rules: readonly Rule[]): void {
  for (const rule of rules) {
    try {
      for (const { value, ts } of decode(input, rule).readings) {
        holds(typeof value !== "number" || Number.isFinite(value), "numbers are finite");
        holds(Number.isFinite(ts), "times are finite");
      }
    } catch (error) {
      if (!(error instanceof PenstockError)) throw error;
    }
  }
}

export const json: FuzzTarget = {
  name: "payload-json",
  describe: "JSON payloads: objects, arrays, paths, times",
  seeds: bytes(
    '{"temperature": 71.2, "running": true, "state": "ok", "ts": 1763707200000}',
    '[{"v": 1, "t": "2025-11-21T06:40:00Z"}, {"v": 2, "t": 1763707201}]',
    '{"d": {"v": [1, 2.5e3, null], "t": 1763707200000}}',
    "42",
    '"text"',
    '{"big": 9007199254740993, "small": -0, "nan": NaN}',
  ),
  dictionary: bytes(
    "[[[[[[[[",
    '{"a":',
    "1e999",
    "NaN",
    "-0",
    '"__proto__"',
    "\\ud800",
    "\ufeff",
    "null",
  ),
  feed: (input) =>
    decodes(input, [
      {},
      { tag: "v" },
      { value: "$.d.v[1]", tag: "v", ts: "$.d.t" },
      { value: "$[0].v", tag: "v", ts: "$[0].t", time: "s" },
    ]),
};

export const text: FuzzTarget = {
  name: "payload-text",
  describe: "CSV and plain payloads",
  seeds: bytes(
    "1763707200000,71.2,true",
    "a;1,5;2025-11-21T06:40:00Z",
    "71.2",
    "running",
    "1.234,5",
  ),
  dictionary: bytes(",", ";", "\r\n", '"', "1e999", "-"),
  feed: (input) =>
    decodes(input, [
      { format: "csv", columns: ["ts", "a", "_", "b"] },
      { format: "csv", columns: ["a", "b", "ts"], separator: ";", decimal: "," },
      { format: "text", tag: "v" },
      { format: "text", tag: "v", values: { running: true } },
    ]),
};
