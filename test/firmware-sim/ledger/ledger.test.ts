import { describe, expect, test } from "vitest";
import type { SentMessage } from "#sim/ledger/contract.ts";
import { Ledger, MINUTE_MS } from "#sim/ledger/ledger.ts";
import type { RollupRow } from "#sim/ledger/rollup-row.ts";
import { GATEWAY, RollupFake } from "./rollup-fake.ts";

const T0 = 1_763_707_200_000;

function message(device: string, ts: number, values: Record<string, number>): SentMessage {
  return { device, ts, tags: Object.keys(values), values: Object.values(values) };
}

/** Ten acknowledged messages within one minute, all of them in the sink. */
function tenMessages(): { ledger: Ledger; sink: RollupFake; sent: SentMessage[] } {
  const ledger = new Ledger({ gateway: GATEWAY });
  const sink = new RollupFake();
  const sent = Array.from({ length: 10 }, (_, i) =>
    message("oven-1", T0 + i * 1000, { temperature: 180.1 + i * i, power: 2.5 + i }),
  );
  for (const one of sent) {
    ledger.sent(one);
    ledger.acknowledged(one);
    sink.take(one);
  }
  return { ledger, sink, sent };
}

async function* rowsOf(...rows: RollupRow[]): AsyncGenerator<RollupRow, void, void> {
  yield* rows;
}

/** Beside those ten, messages that were sent and never acknowledged. */
function withPending(count: number): { ledger: Ledger; sink: RollupFake; open: SentMessage[] } {
  const { ledger, sink } = tenMessages();
  const open = Array.from({ length: count }, (_, i) =>
    message("oven-1", T0 + 20_000 + i, { temperature: 200 + 2 ** i, power: 3 ** i }),
  );
  for (const one of open) ledger.sent(one);
  return { ledger, sink, open };
}

const polledRow = (count: number, bad: number): RollupRow => ({
  gateway: GATEWAY,
  device: "meter-1",
  tag: "power",
  start: T0,
  count,
  bad,
  exactSum: [1],
});

function polled(stored: number, ...rows: RollupRow[]): ReturnType<Ledger["compare"]> {
  const ledger = new Ledger({ gateway: GATEWAY });
  ledger.served("meter-1", 10);
  const sources = [{ name: "plc-1", devices: ["meter-1", "meter-2"], stored }];
  return ledger.compare(rowsOf(...rows), sources);
}

describe("a sink that has everything once", () => {
  test("is found faultless", async () => {
    const { ledger, sink } = tenMessages();
    expect(await ledger.compare(sink.rows())).toEqual({
      produced: 20,
      rolledUp: 20,
      lost: 0,
      duplicated: 0,
      unacknowledged: 0,
      unchecked: 0,
      mismatches: 0,
      details: [],
    });
  });

  test("is found faultless over minutes, and with tags that are missing at times", async () => {
    const ledger = new Ledger({ gateway: GATEWAY });
    const sink = new RollupFake();
    for (let i = 0; i < 300; i++) {
      const values: Record<string, number> = { a: i / 10, b: -i / 7 };
      if (i % 3 === 0) delete values["b"];
      const one = message(`pump-${i % 4}`, T0 + i * 997, values);
      ledger.sent(one);
      ledger.acknowledged(one);
      sink.take(one);
    }
    const verdict = await ledger.compare(sink.rows());
    expect(verdict).toMatchObject({ produced: 500, rolledUp: 500, lost: 0, duplicated: 0 });
  });
});

describe("planted faults", () => {
  test("one lost reading is reported with its series and minute", async () => {
    const { ledger, sink } = tenMessages();
    sink.drop("oven-1", "temperature", 180.1);
    const verdict = await ledger.compare(sink.rows());
    expect(verdict).toMatchObject({ lost: 1, duplicated: 0, mismatches: 1, rolledUp: 19 });
    expect(verdict.details).toMatchObject([
      { series: "hall/oven-1/temperature", minute: T0, lost: 1, duplicated: 0 },
    ]);
    expect(verdict.details[0]?.expected).toContain("10 readings");
    expect(verdict.details[0]?.got).toContain("9 readings");
  });

  test("one doubled reading is reported", async () => {
    const { ledger, sink } = tenMessages();
    sink.add("oven-1", "power", T0 + 3000, 5.5);
    const verdict = await ledger.compare(sink.rows());
    expect(verdict).toMatchObject({ lost: 0, duplicated: 1, mismatches: 1, rolledUp: 21 });
  });

  test("one lost and one doubled in the same minute are seen, though the counts agree", async () => {
    const { ledger, sink } = tenMessages();
    sink.drop("oven-1", "power", 2.5);
    sink.add("oven-1", "power", T0 + 3000, 5.5);
    const verdict = await ledger.compare(sink.rows());
    expect(verdict).toMatchObject({ lost: 1, duplicated: 1, mismatches: 1, rolledUp: 20 });
    expect(verdict.details[0]?.got).toContain("the sum does not fit");
  });

  test("a lost one in one minute and a doubled one in the next do not cancel out", async () => {
    const { ledger, sink } = tenMessages();
    const later = message("oven-1", T0 + MINUTE_MS, { power: 9 });
    ledger.acknowledged(later);
    sink.take(later).take(later).drop("oven-1", "power", 2.5);
    expect(await ledger.compare(sink.rows())).toMatchObject({ lost: 1, duplicated: 1 });
  });

  test("a value that differs in its last bit only is seen", async () => {
    const { ledger, sink } = tenMessages();
    sink.drop("oven-1", "temperature", 180.1);
    sink.add("oven-1", "temperature", T0, 180.10000000000002);
    expect(await ledger.compare(sink.rows())).toMatchObject({ lost: 1, duplicated: 1 });
  });

  test("a series without any row is lost entirely", async () => {
    const { ledger } = tenMessages();
    const verdict = await ledger.compare(rowsOf());
    expect(verdict).toMatchObject({ lost: 20, duplicated: 0, mismatches: 2 });
    expect(verdict.details[0]?.got).toBe("no row");
  });

  test("a second row of the same series and minute is doubled", async () => {
    const { ledger, sink } = tenMessages();
    const rows = await Array.fromAsync(sink.rows());
    const verdict = await ledger.compare(rowsOf(...rows, rows[0]!));
    expect(verdict).toMatchObject({ lost: 0, duplicated: 10 });
  });

  test.each([
    ["an unknown device", { device: "ghost" }],
    ["an unknown tag", { tag: "ghost" }],
    ["another gateway", { gateway: "elsewhere" }],
  ])("a row of %s is foreign", async (_, change) => {
    const { ledger, sink } = tenMessages();
    const rows = await Array.fromAsync(sink.rows());
    const foreign = { ...rows[0]!, ...change, count: 3, bad: 1 };
    const verdict = await ledger.compare(rowsOf(...rows, foreign));
    expect(verdict).toMatchObject({ lost: 0, duplicated: 4, mismatches: 1 });
    expect(verdict.details[0]?.expected).toContain("never sent");
  });

  test("a bad reading of a publishing device is one that nobody sent", async () => {
    const { ledger, sink } = tenMessages();
    const rows = await Array.fromAsync(sink.rows());
    rows[0]!.bad = 1;
    expect(await ledger.compare(rowsOf(...rows))).toMatchObject({ lost: 0, duplicated: 1 });
  });

  test("no more than twenty details are kept, all are counted", async () => {
    const ledger = new Ledger({ gateway: GATEWAY });
    for (let i = 0; i < 50; i++) ledger.acknowledged(message(`d${i}`, T0, { v: i }));
    const verdict = await ledger.compare(rowsOf());
    expect(verdict.details).toHaveLength(20);
    expect(verdict).toMatchObject({ lost: 50, mismatches: 50 });
  });
});

describe("messages that were never acknowledged", () => {
  test.each([[[]], [[0]], [[1, 3]], [[0, 1, 2, 3]]])(
    "may have arrived or not: %j",
    async (arrived) => {
      const { ledger, sink, open } = withPending(4);
      for (const i of arrived) sink.take(open[i]!);
      const verdict = await ledger.compare(sink.rows());
      expect(verdict).toMatchObject({ lost: 0, duplicated: 0, unacknowledged: 8, produced: 20 });
    },
  );

  test("may not count twice", async () => {
    const { ledger, sink, open } = withPending(2);
    sink.take(open[0]!).take(open[0]!);
    // Two of two arrived by the count, but their sum is that of the first one, twice.
    expect(await ledger.compare(sink.rows())).toMatchObject({ lost: 2, duplicated: 2 });
    sink.take(open[1]!);
    expect(await ledger.compare(sink.rows())).toMatchObject({ lost: 0, duplicated: 2 });
  });

  test("do not hide a lost reading behind one that arrived", async () => {
    const { ledger, sink, open } = withPending(3);
    sink.take(open[1]!).drop("oven-1", "power", 4.5);
    const verdict = await ledger.compare(sink.rows());
    expect(verdict).toMatchObject({ lost: 1, duplicated: 1, mismatches: 1 });
  });

  test("are owed once they are acknowledged, also by an equal message that is another object", async () => {
    const { ledger, sink, open } = withPending(2);
    ledger.acknowledged(structuredClone(open[0]!));
    expect(ledger.totals().pendingMessages).toBe(1);
    expect(await ledger.compare(sink.rows())).toMatchObject({ lost: 2, duplicated: 0 });
  });

  test("say so when there are too many ways to explain a sum", async () => {
    const { ledger, sink } = withPending(0);
    for (let i = 0; i < 40; i++) ledger.sent(message("oven-1", T0 + i, { power: 1000 + i / 8 }));
    for (let i = 0; i < 20; i++) sink.add("oven-1", "power", T0, 1);
    const verdict = await ledger.compare(sink.rows());
    expect(verdict).toMatchObject({ lost: 1, duplicated: 1 });
    expect(verdict.details[0]?.got).toContain("too many ways");
  });

  test("beyond the bound are not believed", async () => {
    const ledger = new Ledger({ gateway: GATEWAY, pendingMax: 1 });
    const sink = new RollupFake();
    for (const device of ["a", "b"]) {
      const one = message(device, T0, { v: 1 });
      ledger.sent(one);
      sink.take(one);
    }
    expect(await ledger.compare(sink.rows())).toMatchObject({ lost: 0, duplicated: 1 });
  });
});

describe("polled devices", () => {
  test("fit when the rows hold what the agent stored, bad readings included", async () => {
    expect(await polled(10, polledRow(8, 2))).toMatchObject({
      produced: 10,
      rolledUp: 10,
      lost: 0,
      duplicated: 0,
    });
  });

  test("are short of what the agent stored: lost", async () => {
    const verdict = await polled(12, polledRow(8, 2));
    expect(verdict).toMatchObject({ lost: 2, duplicated: 0 });
    expect(verdict.details[0]?.series).toBe("source plc-1");
  });

  test("hold more than the agent stored: doubled", async () => {
    expect(await polled(9, polledRow(8, 2))).toMatchObject({ lost: 0, duplicated: 1 });
  });

  test("hold more good readings than were ever served: doubled", async () => {
    expect(await polled(12, polledRow(12, 0))).toMatchObject({ lost: 0, duplicated: 2 });
  });
});

describe("memory", () => {
  test("minutes beyond the bound are forgotten, counted, and not compared", async () => {
    const ledger = new Ledger({ gateway: GATEWAY, minutesMax: 2 });
    const sink = new RollupFake();
    for (let minute = 0; minute < 4; minute++) {
      const one = message("m", T0 + minute * MINUTE_MS, { v: minute });
      ledger.acknowledged(one);
      sink.take(one);
    }
    // Too late for a minute that is forgotten: counted as unchecked as well.
    ledger.acknowledged(message("m", T0, { v: 7 }));
    sink.drop("m", "v", 0);
    const verdict = await ledger.compare(sink.rows());
    expect(verdict).toMatchObject({ lost: 0, duplicated: 0, unchecked: 3, produced: 5 });
  });
});

describe("a message that the gateway told it lost", () => {
  test("may be missing, or may be there", async () => {
    for (const isThere of [true, false]) {
      const { ledger, sink, sent } = tenMessages();
      const lost = sent[3]!;
      expect(ledger.doubt(lost)).toBe(2);
      if (!isThere) {
        for (const [i, tag] of lost.tags.entries()) sink.drop(lost.device, tag, lost.values[i]!);
      }
      expect(await ledger.compare(sink.rows())).toMatchObject({ lost: 0, duplicated: 0 });
    }
  });

  test("does not excuse another one, nor a reading of its own that comes twice", async () => {
    const { ledger, sink, sent } = tenMessages();
    ledger.doubt(sent[3]!);
    sink.drop("oven-1", "power", sent[4]!.values[1]!);
    sink.add("oven-1", "temperature", sent[3]!.ts, sent[3]!.values[0]!);
    expect(await ledger.compare(sink.rows())).toMatchObject({ lost: 1, duplicated: 2 });
  });

  test("changes nothing where it was never acknowledged", async () => {
    const { ledger, sink, open } = withPending(1);
    expect(ledger.doubt(open[0]!)).toBe(0);
    expect(await ledger.compare(sink.rows())).toMatchObject({ lost: 0, duplicated: 0 });
  });
});
