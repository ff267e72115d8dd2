import { describe, expect, test } from "vitest";
import { ExactSum } from "#core/exact-sum.ts";
import type { SentMessage } from "#sim/ledger/contract.ts";
import { Ledger } from "#sim/ledger/ledger.ts";
import { MinuteTable } from "#sim/ledger/minute-table.ts";
import { fc } from "#test/support/properties.ts";
import { GATEWAY, RollupFake } from "./rollup-fake.ts";

const T0 = 1_763_707_200_000;
const anyDouble = fc.double({ noNaN: true, min: -1e200, max: 1e200 });

describe("a minute's sum", () => {
  test("is exact for any doubles, in any order", () => {
    fc.assert(
      fc.property(fc.array(anyDouble, { maxLength: 60 }), (values) => {
        const table = new MinuteTable();
        const sum = new ExactSum();
        for (const value of values) table.add(300, value);
        for (const value of values.toReversed()) sum.add(value);
        expect(table.sum(300).canonical()).toEqual(sum.canonical());
        expect(table.count(300)).toBe(values.length);
        expect(table.count(299)).toBe(0);
      }),
    );
  });
});

/** Distinct powers of two a series: no two sets of them have the same sum, as the simulator's. */
const runs = fc.record({
  messages: fc.array(
    fc.record({
      device: fc.constantFrom("a", "b", "c"),
      afterMs: fc.integer({ min: 0, max: 50_000 }),
      fate: fc.constantFrom("acknowledged", "arrived", "vanished"),
    }),
    { minLength: 1, maxLength: 25 },
  ),
  seed: fc.nat(),
});

interface Played {
  ledger: Ledger;
  sink: RollupFake;
  acknowledged: SentMessage[];
}

function play(messages: readonly { device: string; afterMs: number; fate: string }[]): Played {
  const ledger = new Ledger({ gateway: GATEWAY });
  const sink = new RollupFake();
  const acknowledged: SentMessage[] = [];
  let ts = T0;
  for (const [i, { device, afterMs, fate }] of messages.entries()) {
    ts += afterMs;
    const message = { device, ts, tags: ["x", "y"], values: [2 ** i, -(2 ** (i / 2))] };
    ledger.sent(message);
    if (fate === "acknowledged") {
      ledger.acknowledged(message);
      acknowledged.push(message);
    }
    if (fate !== "vanished") sink.take(message);
  }
  return { ledger, sink, acknowledged };
}

describe("the verdict", () => {
  test("is clean whatever became of unacknowledged messages", async () => {
    await fc.assert(
      fc.asyncProperty(runs, async ({ messages }) => {
        const { ledger, sink, acknowledged } = play(messages);
        const verdict = await ledger.compare(sink.rows());
        expect(verdict).toMatchObject({ lost: 0, duplicated: 0, mismatches: 0 });
        expect(verdict.produced).toBe(acknowledged.length * 2);
      }),
    );
  });

  test("is never clean when an acknowledged reading is missing", async () => {
    await fc.assert(
      fc.asyncProperty(runs, async ({ messages, seed }) => {
        const { ledger, sink, acknowledged } = play(messages);
        fc.pre(acknowledged.length > 0);
        const victim = acknowledged[seed % acknowledged.length]!;
        sink.drop(victim.device, "x", victim.values[0]!);
        expect((await ledger.compare(sink.rows())).lost).toBeGreaterThan(0);
      }),
    );
  });

  test("is never clean when a reading is doubled", async () => {
    await fc.assert(
      fc.asyncProperty(runs, async ({ messages, seed }) => {
        const { ledger, sink, acknowledged } = play(messages);
        fc.pre(acknowledged.length > 0);
        const victim = acknowledged[seed % acknowledged.length]!;
        sink.add(victim.device, "y", victim.ts, victim.values[1]!);
        expect((await ledger.compare(sink.rows())).duplicated).toBeGreaterThan(0);
      }),
    );
  });
});
