import { expect, test } from "vitest";
import { spanReader } from "#agent/commands/scan/unit-search.ts";
import type { GuestLink, ReadOutcome } from "#agent/sources/modbus/link.ts";
import { ManualClock } from "#test/support/manual-clock.ts";

const SPAN = { table: "holding", start: 0, size: 1 } as const;
const DATA = Uint8Array.of(0, 7);

/** A reader of a unit that gives these outcomes, one a request, and what was read at the end. */
async function read(...outcomes: ReadOutcome[]): Promise<{ data: unknown; asked: number }> {
  const clock = new ManualClock();
  let asked = 0;
  const answer = (): Promise<ReadOutcome> =>
    Promise.resolve(outcomes[asked++] ?? { kind: "timeout" });
  const link: GuestLink = { isOpen: true, read: answer, write: answer };
  const reading = spanReader(link, 1, 150, clock)(SPAN);
  // As long as three attempts may take at most.
  for (let attempt = 1; attempt <= 3; attempt++) await clock.advance(300);
  return { data: await reading, asked };
}

test("one lost answer makes no stranger of a unit that is there", async () => {
  const answer = { kind: "answer", data: DATA } as const;
  expect(await read({ kind: "timeout" }, answer)).toEqual({ data: DATA, asked: 2 });
  expect(await read({ kind: "malformed" }, { kind: "owed" }, answer)).toEqual({
    data: DATA,
    asked: 3,
  });
});

test("a refusal is an answer: it is not asked again", async () => {
  expect(await read({ kind: "exception", code: 2 })).toEqual({ data: undefined, asked: 1 });
});

test("a unit that falls silent is given up", async () => {
  expect(await read()).toEqual({ data: undefined, asked: 3 });
});
