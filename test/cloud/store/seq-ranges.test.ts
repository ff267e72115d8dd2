import { describe, expect, test } from "vitest";
import { DigestRing } from "#cloud/store/digest-ring.ts";
import { SeqRanges } from "#core/seq-ranges.ts";
import { fc } from "#test/support/properties.ts";

const span = fc
  .tuple(fc.nat(60), fc.nat(6))
  .map(([from, length]): [number, number] => [from, from + length]);

describe("ranges of seqs", () => {
  test("hold what a plain set would, in as few ranges as there are runs", () => {
    fc.assert(
      fc.property(fc.array(span, { maxLength: 30 }), (spans) => {
        const ranges = new SeqRanges();
        const model = new Set<number>();
        for (const [from, to] of spans) {
          const touches = [from - 1, from, from + 1].some((seq) => model.has(seq));
          expect(ranges.touches(from)).toBe(touches);
          ranges.add(from, to);
          for (let seq = from; seq <= to; seq++) model.add(seq);
        }
        const all = Array.from({ length: 70 }, (_, seq) => seq);
        expect(all.filter((seq) => ranges.has(seq))).toEqual(all.filter((seq) => model.has(seq)));
        const runs = all.filter((seq) => model.has(seq) && !model.has(seq - 1));
        expect(ranges.count).toBe(runs.length);
        const top = Math.max(-1, ...model);
        const missing = all.filter((seq) => seq < top && !model.has(seq));
        expect(flat(ranges.holes())).toEqual(missing);
        expect(flat(ranges.missing(3, 40))).toEqual(
          all.filter((seq) => seq >= 3 && seq <= 40 && !model.has(seq)),
        );
      }),
    );
  });

  test("survive their JSON, and a copy stands alone", () => {
    const ranges = new SeqRanges([
      [0, 4],
      [7, 7],
    ]);
    const copy = ranges.copy();
    copy.add(5, 6);
    expect(JSON.stringify(ranges)).toBe("[[0,4],[7,7]]");
    expect(JSON.stringify(copy)).toBe("[[0,7]]");
  });
});

describe("a digest ring", () => {
  test("keeps the newest thousand, also over its encoding", () => {
    const ring = new DigestRing();
    for (let seq = 0; seq < 1200; seq++) ring.set(seq, 4_000_000_000 + seq);
    const again = DigestRing.decode(ring.encode());
    expect(again.get(199)).toBeUndefined();
    expect(again.get(200)).toBe(4_000_000_200);
    expect(again.get(1199)).toBe(4_000_001_199);
  });
});

function flat(ranges: readonly (readonly [number, number])[]): number[] {
  return ranges.flatMap(([from, to]) =>
    Array.from({ length: to - from + 1 }, (_, at) => from + at),
  );
}
