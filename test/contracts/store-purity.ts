/**
 * The promise behind all others: what the rows say is a pure function of the set of accepted chunks.
 * The same chunks, in any order, cut into events anyhow, sent again, folded at any moment, with
 * crashes between, give the same bytes.
 */

import { expect, test } from "vitest";
import type { Delivery } from "#cloud/store/contract.ts";
import type { ChunkContent, ChunkId } from "#core/chunk.ts";
import { fc } from "#test/support/properties.ts";
import {
  chunkId,
  commit,
  event,
  MINUTE,
  own,
  readings,
  rowsText,
  type StoreUnderTest,
} from "./store-fixtures.ts";

interface Line {
  id: ChunkId;
  content: ChunkContent;
}

const EPOCHS = ["e1", "e2"];
const LANES = [0, 1];

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 0.1, 0.2, 0.3, 1e16, -1e16, 1e300),
);

const content = fc
  .record({
    rows: fc.integer({ min: 1, max: 4 }),
    device: fc.constantFrom("pump", "oven"),
    startMs: fc.constantFrom(0, 500, 59_999, 60_000, 299_000),
    values: fc.array(fc.oneof({ weight: 6, arbitrary: number }, fc.boolean()), {
      minLength: 8,
      maxLength: 8,
    }),
    badRow: fc.option(fc.nat(3), { nil: undefined }),
  })
  .map(({ rows, device, startMs, values, badRow }): ChunkContent => {
    const marks =
      badRow === undefined || badRow >= rows
        ? []
        : [{ column: 1, row: badRow, quality: "bad" as const, reason: "timeout" }];
    return readings({
      device,
      tags: ["a", "b"],
      ts: Array.from({ length: rows }, (_, row) => MINUTE + startMs + row * 700),
      columns: [values.slice(0, rows), values.slice(4, 4 + rows)],
      marks,
    });
  });

/** Two lanes of two epochs, each with a few chunks of its own. */
const lanes = fc.array(fc.array(content, { minLength: 1, maxLength: 5 }), {
  minLength: EPOCHS.length * LANES.length,
  maxLength: EPOCHS.length * LANES.length,
});

type Step =
  | { kind: "send"; lane: number; from: number; length: number }
  | { kind: "fold" | "crash" };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant("send" as const),
        lane: fc.nat(3),
        from: fc.nat(4),
        length: fc.integer({ min: 1, max: 4 }),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ kind: "fold" as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: "crash" as const }) },
  ),
  { maxLength: 25 },
);

export function storePurity(name: string, make: () => Promise<StoreUnderTest>, runs = 15): void {
  test(`${name}: rows are a pure function of the set of accepted chunks`, {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(lanes, steps, async (contents, plan) => {
        const lines = contents.map(linesOf);
        const inOrder = await play(make, lines, []);
        expect(await play(make, lines, plan)).toEqual(inOrder);
      }),
      { numRuns: runs },
    );
  });
}

function linesOf(contents: readonly ChunkContent[], at: number): Line[] {
  const epoch = EPOCHS[at % 2] ?? "";
  const lane = LANES[Math.floor(at / 2)] ?? 0;
  return contents.map((each, seq) => ({ id: chunkId(seq, { epoch, lane }), content: each }));
}

/** Follows the plan, then sends everything once more; gives the rows of all widths. */
async function play(
  make: () => Promise<StoreUnderTest>,
  lines: readonly Line[][],
  plan: readonly Step[],
): Promise<string[]> {
  const under = await make();
  let { store } = under;
  let sequenceNumber = 0;
  const send = async (chunks: readonly Line[]): Promise<void> => {
    if (chunks.length === 0) return;
    const delivery: Delivery = event(sequenceNumber, chunks);
    sequenceNumber += 1;
    await commit(store, [delivery]);
  };
  try {
    await own(store);
    for (const step of plan) {
      if (step.kind === "fold") await store.fold();
      else if (step.kind === "send") {
        await send((lines[step.lane] ?? []).slice(step.from, step.from + step.length));
      } else {
        store = await under.crash();
        await own(store);
      }
    }
    for (const chunks of lines) await send(chunks);
    const texts: string[] = [];
    for (const width of ["1m", "5m", "1h"] as const) texts.push(await rowsText(store, { width }));
    await store.fold();
    for (const width of ["1m", "5m", "1h"] as const) texts.push(await rowsText(store, { width }));
    return texts;
  } finally {
    await under.remove();
  }
}
