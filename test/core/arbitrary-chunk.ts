/** Any chunk that an agent could make, for property tests. */

import { ALARM_POINTS_MAX } from "#core/alarm.ts";
import type { Block, Chunk, ChunkContent, QualityMark } from "#core/chunk.ts";
import type { Value } from "#core/reading.ts";
import { fc } from "#test/support/properties.ts";

/** Plain objects, as a decoder makes them. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(model, { noNullPrototype: true });
}

/** Any UTF-16 text at all: emoji, newlines, NUL, halves of surrogate pairs. */
const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map(String.fromCharCode) });
const text = fc.oneof(anyText, fc.constantFrom("", "\n", "__proto__", "\u2028", "\ud800", "°C"));
const name = fc.oneof(text, fc.constantFrom("oven-2", "constructor")).filter((s) => s !== "");

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(-0, 0, 5e-324, -5e-324, Number.MAX_VALUE, 71.2, 2 ** 53 + 2),
);
const value: fc.Arbitrary<Value> = fc.oneof(number, fc.boolean(), text, fc.constant(null));

const wholeTime = fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 });
const anyTime = fc.double({ noNaN: true, noDefaultInfinity: true }).map((ts) => ts + 0);
/** Steps between doubles of both ends of the scale overflow, or lose what lies below. */
const ts = fc.oneof({ weight: 4, arbitrary: wholeTime }, { weight: 1, arbitrary: anyTime });

function marks(columns: number, rows: number): fc.Arbitrary<QualityMark[]> {
  if (columns === 0) return fc.constant([]);
  return fc.array(
    record({
      column: fc.nat(columns - 1),
      row: fc.nat(rows - 1),
      quality: fc.constantFrom("uncertain", "bad"),
      reason: text,
    }),
    { maxLength: 4 },
  );
}

const block: fc.Arbitrary<Block> = record({
  device: name,
  tags: fc.array(name, { maxLength: 4 }),
  ts: fc.array(ts, { minLength: 1, maxLength: 6 }),
}).chain(({ device, tags, ts: times }) =>
  record({
    device: fc.constant(device),
    tags: fc.constant(tags),
    ts: fc.constant(times),
    columns: fc.array(fc.array(value, { minLength: times.length, maxLength: times.length }), {
      minLength: tags.length,
      maxLength: tags.length,
    }),
    marks: marks(tags.length, times.length),
  }),
);

const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0);

/** Whatever else an alarm's time is said to be, it is brought within what dates can be. */
const date = fc.double({ min: -8.64e15, max: 8.64e15, noNaN: true }).map((ms) => ms + 0);

const transition = record({
  id: name,
  device: name,
  tag: name,
  rule: name,
  state: fc.constantFrom("active" as const, "cleared" as const),
  priority: fc.constantFrom("low" as const, "high" as const, "critical" as const),
  ts: date,
  value: finite,
  expected: finite,
  message: text,
});

/** Transitions of older agents come without any of it. */
const explanation = fc.record(
  {
    unit: text,
    since: date,
    points: fc.array(finite, { maxLength: ALARM_POINTS_MAX }),
    feature: name,
  },
  { noNullPrototype: true, requiredKeys: [] },
);

const content: fc.Arbitrary<ChunkContent> = fc.oneof(
  record({
    kind: fc.constant("readings" as const),
    blocks: fc.array(block, { maxLength: 4 }),
  }),
  record({
    kind: fc.constant("alarm" as const),
    transitions: fc.array(
      fc.tuple(transition, explanation).map(([told, why]) => Object.assign({}, told, why)),
      { maxLength: 3 },
    ),
  }),
  record({
    kind: fc.constant("meta" as const),
    series: fc.array(
      record({ device: name, tag: name, unit: text, site: text, line: text, source: text }),
      { maxLength: 3 },
    ),
  }),
  record({
    kind: fc.constant("gap" as const),
    gaps: fc.array(
      record({ fromSeq: fc.nat(), toSeq: fc.nat(), readings: fc.nat(), reason: text }),
      { maxLength: 3 },
    ),
  }),
);

export const anyChunk: fc.Arbitrary<Chunk> = record({
  id: record({ gateway: name, epoch: name, lane: fc.nat(63), seq: fc.maxSafeNat() }),
  content,
});
