import { expect, test } from "vitest";
import { createRandom } from "#core/random.ts";
import { fc } from "#test/support/properties.ts";
import type { CopiedChunk } from "./hub-copyist.ts";
import { recut } from "./recut.ts";

const chunk = (lane: number, seq: number): CopiedChunk => ({
  id: { gateway: "plant", epoch: "e", lane, seq },
  kind: "readings",
  line: Buffer.from(`${lane} ${seq}`),
});

test("chunks that are cut anew are the same ones, in runs of one lane without holes", () => {
  const drawn = fc.uniqueArray(fc.record({ lane: fc.nat({ max: 3 }), seq: fc.nat({ max: 40 }) }), {
    selector: ({ lane, seq }) => `${lane} ${seq}`,
  });
  fc.assert(
    fc.property(drawn, fc.nat(), (places, seed) => {
      const chunks = places.map(({ lane, seq }) => chunk(lane, seq));
      const events = recut(chunks, createRandom(seed));
      expect(new Set(events.flat())).toEqual(new Set(chunks));
      expect(events.flat()).toHaveLength(chunks.length);
      for (const event of events) {
        const [first] = event;
        const expected = event.map((_, index) => ({
          ...first?.id,
          seq: (first?.id.seq ?? 0) + index,
        }));
        expect(event.map(({ id }) => id)).toEqual(expected);
      }
    }),
  );
});
