import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { ReadingIntake } from "#agent/intake/reading-intake.ts";
import { ReadingBatch } from "#agent/sources/contract.ts";
import { type AlarmTransition, movedTo } from "#core/alarm.ts";
import { PenstockError } from "#core/errors.ts";
import { laneOf } from "#core/lane.ts";
import type { Quality, Value } from "#core/reading.ts";
import { transition } from "#test/core/alarms/sample.ts";
import { fc } from "#test/support/properties.ts";
import { intakeWith, T0 } from "./fakes.ts";

const oven = {
  line: "baking",
  detect: { auto: false },
  tags: { temperature: { unit: "°C", limits: { hh: 240, h: 230, deadband: 2 } } },
};

type Row = [tag: string, ts: number, value: Value, quality?: Quality];

function batchOf(intake: ReadingIntake, rows: readonly Row[], device = "oven-2"): ReadingBatch {
  const batch = new ReadingBatch("mqtt");
  for (const [tag, ts, value, quality = "good"] of rows) {
    const reason = quality === "good" ? undefined : "timeout";
    batch.add(intake.resolve(device, tag), ts, value, quality, reason);
  }
  return batch;
}

describe("series", () => {
  test("are made once, densely numbered, in the lane of their device", () => {
    const { intake } = intakeWith();
    const first = intake.resolve("pump-1", "flow");
    const second = intake.resolve("pump-1", "pressure");
    expect(intake.resolve("pump-1", "flow")).toBe(first);
    expect([first.index, second.index]).toEqual([0, 1]);
    expect(first.lane).toBe(laneOf("pump-1", 8));
    expect(second.lane).toBe(first.lane);
  });

  test("are refused past the limit, and the known ones go on", () => {
    const { intake } = intakeWith({ seriesMax: 2 });
    intake.resolve("a", "x");
    intake.resolve("b", "x");
    expect(() => intake.resolve("c", "x")).toThrow(PenstockError);
    expect(() => intake.resolve("c", "x")).toThrow("no room for c/x: 2 series are the limit");
    expect(intake.resolve("a", "x").index).toBe(0);
    expect(intake.counters).toMatchObject({ series: 2, seriesRefused: 2 });
  });

  test("are refused where a name is endless", () => {
    const { intake } = intakeWith();
    const endless = "x".repeat(70_000);
    const refusal = /^no room for a\/x{40}…: a name has at most 256 characters$/;
    expect(() => intake.resolve("a", endless)).toThrow(refusal);
    expect(intake.counters).toMatchObject({ series: 0, seriesRefused: 1 });
  });

  test("may bear any name, those of JavaScript's objects included", async () => {
    const { intake } = intakeWith({ devices: { "oven-2": oven } });
    for (const name of ["constructor", "__proto__", "toString"]) {
      await intake.accept(batchOf(intake, [[name, T0, 1]], name));
      await intake.accept(batchOf(intake, [[name, T0, 1]], "oven-2"));
    }
    expect(intake.values.size).toBe(6);
  });

  test("outgrow the first tables without losing a value", async () => {
    const { intake } = intakeWith();
    const rows = Array.from({ length: 1500 }, (_, i): Row => [`t${i}`, T0 + i, i]);
    await intake.accept(batchOf(intake, rows));
    expect(intake.values.size).toBe(1500);
    expect(intake.values.at(0)).toMatchObject({ tag: "t0", ts: T0, value: 0 });
    expect(intake.values.at(1499)).toMatchObject({ tag: "t1499", ts: T0 + 1499, value: 1499 });
  });
});

describe("descriptions", () => {
  test("go with the first batch of a series: unit, site, line and source", async () => {
    const { intake, buffer } = intakeWith({ site: "north", devices: { "oven-2": oven } });
    intake.resolve("oven-2", "temperature", { source: "packer" });
    const rows: [string, number, Value][] = [["temperature", T0, 200]];
    await intake.accept(batchOf(intake, rows));
    await intake.accept(batchOf(intake, [...rows, ["door", T0, false]]));
    expect(buffer.inputs.map((input) => input.descriptions)).toEqual([
      [
        {
          device: "oven-2",
          tag: "temperature",
          unit: "°C",
          site: "north",
          line: "baking",
          source: "packer",
        },
      ],
      [{ device: "oven-2", tag: "door", site: "north", line: "baking" }],
    ]);
  });

  test("go again with a later batch when the buffer refused the first", async () => {
    const { intake, buffer } = intakeWith();
    buffer.failure = new PenstockError("BUFFER_FULL", "full");
    await expect(intake.accept(batchOf(intake, [["x", T0, 1]]))).rejects.toThrow("full");
    buffer.failure = undefined;
    await intake.accept(batchOf(intake, [["x", T0 + 1, 1]]));
    await intake.accept(batchOf(intake, [["x", T0 + 2, 1]]));
    expect(buffer.inputs.map((input) => input.descriptions.length)).toEqual([1, 1, 0]);
    expect(intake.counters).toMatchObject({ readings: 2, rejected: 1 });
  });

  test("go again when a fact becomes known, but never flap between two sources", async () => {
    const { intake, buffer } = intakeWith();
    intake.resolve("oven-2", "x", { source: "mqtt" });
    await intake.accept(batchOf(intake, [["x", T0, 1]]));
    intake.resolve("oven-2", "x", { source: "plc-1", unit: "bar" });
    intake.resolve("oven-2", "x", { source: "mqtt", unit: "psi" });
    await intake.accept(batchOf(intake, [["x", T0 + 1, 1]]));
    expect(buffer.inputs[1]?.descriptions).toEqual([
      { device: "oven-2", tag: "x", source: "mqtt", unit: "bar" },
    ]);
  });
});

describe("alarms", () => {
  test("are raised before the buffer has stored anything, and travel with the batch", async () => {
    const heard: AlarmTransition[] = [];
    const { intake, buffer, alarms } = intakeWith({
      devices: { "oven-2": oven },
      onAlarm: (found) => heard.push(found),
    });
    buffer.held = Promise.withResolvers();
    const accepted = intake.accept(batchOf(intake, [["temperature", T0, 231]]));
    expect(heard).toMatchObject([
      { id: `oven-2/temperature/limit-h/active/${T0}`, rule: "limit-h", device: "oven-2" },
    ]);
    expect(alarms.active()).toEqual(heard);
    await turn();
    expect(buffer.inputs[0]?.transitions).toEqual(heard);
    buffer.held.resolve();
    expect(await accepted).toBe("stored");
  });

  test("are kept before their message is stored, and once, whatever copies come meanwhile", async () => {
    const { intake, buffer, alarms } = intakeWith({ devices: { "oven-2": oven } });
    const kept = Promise.withResolvers<void>();
    alarms.kept = kept.promise;
    const batch = batchOf(intake, [["temperature", T0, 231]]);
    batch.fingerprint = new Uint8Array(12);
    const accepted = intake.accept(batch);
    await turn();
    expect(buffer.inputs).toEqual([]);
    // The same message, from the same device, which had no answer.
    buffer.stored.set("00".repeat(12), Promise.resolve("stored"));
    kept.resolve();
    expect(await accepted).toBe("duplicate");
    expect(buffer.inputs).toEqual([]);
    await intake.accept(batchOf(intake, [["temperature", T0 + 1, 231]]));
    expect(buffer.inputs[0]?.transitions).toMatchObject([{ rule: "limit-h", ts: T0 }]);
  });

  test("that stand already are no news, and end where nothing watches for them any more", async () => {
    const heard: string[] = [];
    const { intake, alarms } = intakeWith({
      devices: { "oven-2": oven },
      onAlarm: ({ rule, state }) => heard.push(`${rule} ${state}`),
    });
    await intake.accept(batchOf(intake, [["temperature", T0, 231]]));
    const [standing] = alarms.active();
    alarms.take([{ ...standing!, rule: "limit-l", id: "of another file" }]);
    expect(heard.splice(0)).toEqual(["limit-h active"]);
    intake.reconfigure({ devices: { "oven-2": oven } }, ["oven-2"]);
    expect(heard.splice(0)).toEqual(["limit-l cleared"]);
    await intake.accept(batchOf(intake, [["temperature", T0 + 1, 231.5]]));
    expect(heard).toEqual([]);
    await intake.accept(batchOf(intake, [["temperature", T0 + 2, 100]]));
    expect(heard).toEqual(["limit-h cleared"]);
  });

  test("of a changed device stay while somebody may end them, also those of its group", async () => {
    const grouped = { detect: { auto: false, group: ["a", "b"] }, tags: {} };
    const { intake, alarms } = intakeWith({ devices: { mixer: grouped, gone: grouped } });
    alarms.take([transition("mixer/(group)/group", "active", T0)]);
    alarms.take([transition("mixer/a/limit-h", "active", T0)]);
    alarms.take([transition("gone/(group)/group", "active", T0)]);
    alarms.take([transition("gone/a/limit-h", "active", T0)]);
    intake.reconfigure({ devices: { mixer: grouped } }, ["mixer", "gone"]);
    expect(alarms.active().map(({ device, tag }) => [device, tag])).toEqual([
      ["mixer", "(group)"],
      ["mixer", "a"],
    ]);
    intake.reconfigure({ devices: { mixer: oven } }, ["mixer"]);
    expect(alarms.active().map(({ tag }) => tag)).toEqual(["a"]);
  });

  test("of the gateway's own reach the buffer within a second, where no reading takes them along", async () => {
    const { intake, buffer, alarms } = intakeWith();
    const dead: AlarmTransition = {
      device: "(gateway)",
      tag: "rs485-a",
      rule: "dead",
      id: "dead 1",
      state: "active",
      priority: "high",
      ts: T0,
      value: 1,
      expected: 0,
      message: "no way to any device",
    };
    intake.raiseOwn(dead);
    expect(alarms.active()).toEqual([dead]);
    buffer.failure = new Error("the disk fails");
    intake.tick();
    await turn();
    await turn();
    buffer.failure = undefined;
    intake.resend([{ ...dead, id: "dead 0" }]);
    intake.tick();
    await turn();
    await turn();
    intake.tick();
    expect(buffer.inputs.map(({ transitions }) => transitions.map(({ id }) => id))).toEqual([
      ["dead 1"],
      ["dead 1", "dead 0"],
    ]);
  });

  test("reach the sink in the times in which they count for the gateway", async () => {
    const { intake, buffer, alarms } = intakeWith({ devices: { "oven-2": oven } });
    const take = alarms.take.bind(alarms);
    alarms.take = (found) => {
      const taken = found.map((each) => movedTo(each, each.ts + 7));
      return { ...take(taken), taken };
    };
    await intake.accept(batchOf(intake, [["temperature", T0, 235]]));
    const sent = buffer.inputs.flatMap(({ transitions }) => transitions.map(({ ts }) => ts));
    expect(sent).toEqual([T0 + 7]);
  });

  test("clear, and stay in the journal, newest first", async () => {
    const { intake, alarms } = intakeWith({ devices: { "oven-2": oven } });
    for (const [i, value] of [241, 200].entries()) {
      await intake.accept(batchOf(intake, [["temperature", T0 + i, value]]));
    }
    expect(alarms.activeCount).toBe(0);
    expect(alarms.raised).toBe(2);
    expect(alarms.journal().map(({ rule, state }) => `${rule} ${state}`)).toEqual([
      "limit-h cleared",
      "limit-hh cleared",
      "limit-h active",
      "limit-hh active",
    ]);
  });

  test("bear different identities even within one millisecond", async () => {
    const { intake, alarms } = intakeWith({ devices: { "oven-2": oven } });
    const values = [235, 200, 235, 200];
    for (const value of values) {
      await intake.accept(batchOf(intake, [["temperature", T0, value]]));
    }
    const ids = alarms.journal().map(({ id }) => id);
    expect(ids).toHaveLength(4);
    expect(new Set(ids).size).toBe(4);
  });

  test("alternate, each with an identity of its own, whatever comes in whatever order", async () => {
    const reading = fc.tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: 225, max: 245 }));
    await fc.assert(
      fc.asyncProperty(fc.array(reading, { maxLength: 60 }), async (readings) => {
        const { intake, alarms } = intakeWith({ devices: { "oven-2": oven } });
        for (const [offset, value] of readings) {
          await intake.accept(batchOf(intake, [["temperature", T0 + offset, value]]));
        }
        const journal = alarms.journal().toReversed();
        expect(new Set(journal.map(({ id }) => id)).size).toBe(journal.length);
        const last = new Map<string, string>();
        for (const { rule, state } of journal) {
          expect(state).not.toBe(last.get(rule) ?? "cleared");
          last.set(rule, state);
        }
        const active = [...last.values()].filter((state) => state === "active").length;
        expect(alarms.activeCount).toBe(active);
      }),
    );
  });

  test("reach the sink with a later batch when the buffer refused theirs", async () => {
    const { intake, buffer, alarms } = intakeWith({ devices: { "oven-2": oven } });
    buffer.failure = new PenstockError("BUFFER_FAILED", "disk");
    const hot = batchOf(intake, [["temperature", T0, 235]]);
    await expect(intake.accept(hot)).rejects.toThrow("disk");
    expect(alarms.activeCount).toBe(1);
    buffer.failure = undefined;
    await intake.accept(hot);
    await intake.accept(batchOf(intake, [["temperature", T0 + 1, 200]]));
    expect(
      buffer.inputs.slice(1).map((input) => input.transitions.map(({ state }) => state)),
    ).toEqual([["active"], ["cleared"]]);
  });

  test("survive a listener that throws, and so do the readings", async () => {
    const { intake, alarms } = intakeWith({
      devices: { "oven-2": oven },
      onAlarm: () => {
        throw new Error("no broker");
      },
    });
    expect(await intake.accept(batchOf(intake, [["temperature", T0, 241]]))).toBe("stored");
    expect(alarms.activeCount).toBe(2);
  });

  test("come from the automatic detector where a device is not configured", async () => {
    const { intake, alarms } = intakeWith();
    for (let i = 0; i < 400; i++) {
      const value = i === 300 ? 900 : 50 + (i % 7);
      await intake.accept(batchOf(intake, [["flow", T0 + i * 1000, value]], "pump-9"));
    }
    expect(alarms.journal().map(({ rule, state }) => `${rule} ${state}`)).toEqual([
      "anomaly cleared",
      "anomaly active",
    ]);
  });
});

describe("judging", () => {
  test("leaves out bad readings, text, switches, NaN and infinity", async () => {
    const { intake, buffer, alarms } = intakeWith({ devices: { "oven-2": oven } });
    await intake.accept(
      batchOf(intake, [
        ["temperature", T0, 999, "bad"],
        ["temperature", T0 + 1, null, "bad"],
        ["temperature", T0 + 2, "999"],
        ["temperature", T0 + 3, true],
        ["temperature", T0 + 4, Number.NaN],
        ["temperature", T0 + 5, Number.POSITIVE_INFINITY],
      ]),
    );
    expect(alarms.journal()).toEqual([]);
    expect(buffer.inputs[0]?.batch.length).toBe(6);
    await intake.accept(batchOf(intake, [["temperature", T0 + 6, 235, "uncertain"]]));
    expect(alarms.activeCount).toBe(1);
  });

  test("stores a reading older than its series' newest, does not judge it, and counts it", async () => {
    const { intake, buffer, alarms } = intakeWith({ devices: { "oven-2": oven } });
    await intake.accept(batchOf(intake, [["temperature", T0, 200]]));
    await intake.accept(batchOf(intake, [["temperature", T0 - 1, 999]]));
    expect(alarms.journal()).toEqual([]);
    expect(intake.values.at(0)?.value).toBe(200);
    expect(buffer.inputs).toHaveLength(2);
    expect(intake.counters.notJudged).toBe(1);
  });

  test("goes on after a reading from a far future", async () => {
    const { intake, alarms } = intakeWith({ devices: { "oven-2": oven } });
    await intake.accept(batchOf(intake, [["temperature", T0 + 86_400_000, 200]]));
    await intake.accept(batchOf(intake, [["temperature", T0, 235]]));
    expect(alarms.activeCount).toBe(1);
    expect(intake.counters.notJudged).toBe(0);
  });

  test("does not see a copy of a stored message, which is answered when the first is safe", async () => {
    const { intake, buffer, alarms } = intakeWith({ devices: { "oven-2": oven } });
    const commit = Promise.withResolvers<"stored">();
    buffer.stored.set("0102", commit.promise);
    const copy = batchOf(intake, [["temperature", T0, 241]]);
    copy.fingerprint = Uint8Array.of(1, 2);
    const accepted = intake.accept(copy);
    commit.resolve("stored");
    expect(await accepted).toBe("duplicate");
    expect(buffer.inputs).toEqual([]);
    expect(alarms.journal()).toEqual([]);
    expect(intake.counters).toMatchObject({ duplicates: 1, readings: 0 });
  });
});

describe("values", () => {
  test("show the newest reading with its unit, quality and reason", async () => {
    const { intake } = intakeWith({ devices: { "oven-2": oven } });
    await intake.accept(batchOf(intake, [["temperature", T0, null, "bad"]]));
    intake.resolve("oven-2", "door");
    expect([intake.values.at(0), intake.values.at(1), intake.values.at(2)]).toEqual([
      {
        device: "oven-2",
        tag: "temperature",
        unit: "°C",
        line: "baking",
        ts: T0,
        value: null,
        quality: "bad",
        reason: "timeout",
      },
      { device: "oven-2", tag: "door", line: "baking", ts: null, value: null, quality: "bad" },
      undefined,
    ]);
  });
});
