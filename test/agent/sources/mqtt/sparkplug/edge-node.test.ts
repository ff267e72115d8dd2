import { describe, expect, test } from "vitest";
import { EdgeNode, type NodeOutcome } from "#agent/sources/mqtt/sparkplug/edge-node.ts";
import type { Metric } from "#agent/sources/mqtt/sparkplug/payload-codec.ts";
import { fc } from "#test/support/properties.ts";

const INT32 = 3;

function metric(name: string, alias: bigint, value = 1): Metric {
  return { name, alias, datatype: INT32, intValue: value };
}

function bdSeq(value: bigint): Metric {
  return { name: "bdSeq", datatype: 4, longValue: value };
}

/** Device, name and value of what was found. */
function found({ found: metrics }: NodeOutcome): unknown[] {
  return metrics.map(({ definition, metric: each }) => [
    definition.device,
    definition.name,
    each.intValue,
  ]);
}

function born(metricsMax = 1000): EdgeNode {
  const node = new EdgeNode(metricsMax);
  node.handle("NBIRTH", undefined, { seq: 0n, metrics: [bdSeq(3n), metric("speed", 1n)] });
  node.handle("DBIRTH", "oven", { seq: 1n, metrics: [metric("heat", 2n)] });
  return node;
}

describe("data", () => {
  test("is found by name or alias, each device's its own", () => {
    const node = born();
    const bySpeed = { alias: 1n, intValue: 5 };
    expect(found(node.handle("NDATA", undefined, { seq: 2n, metrics: [bySpeed] }))).toEqual([
      [undefined, "speed", 5],
    ]);
    const byName = { name: "heat", intValue: 6 };
    const outcome = node.handle("DDATA", "oven", { seq: 3n, metrics: [byName] });
    expect(found(outcome)).toEqual([["oven", "heat", 6]]);
    expect(outcome.rebirth).toBeUndefined();
  });

  test("by an alias of another device, or of nobody, is not guessed: a birth is asked for", () => {
    for (const alias of [1n, 99n]) {
      const outcome = born().handle("DDATA", "oven", { seq: 2n, metrics: [{ alias }] });
      expect(outcome).toMatchObject({ found: [], unknown: 1 });
      expect(outcome.rebirth).toMatch("is unknown");
    }
  });

  test("is found by an alias that the node gave to each of its devices anew", () => {
    const node = born();
    node.handle("DBIRTH", "press", { seq: 2n, metrics: [metric("force", 2n)] });
    const ofOven = node.handle("DDATA", "oven", { seq: 3n, metrics: [{ alias: 2n, intValue: 7 }] });
    const ofPress = node.handle("DDATA", "press", {
      seq: 4n,
      metrics: [{ alias: 2n, intValue: 8 }],
    });
    expect([...found(ofOven), ...found(ofPress)]).toEqual([
      ["oven", "heat", 7],
      ["press", "force", 8],
    ]);
    expect([ofOven.rebirth, ofPress.rebirth]).toEqual([undefined, undefined]);
  });

  test("before a birth is kept where it says what it is, and doubted", () => {
    const node = new EdgeNode(10);
    const metrics = [metric("speed", 1n), { alias: 2n, intValue: 1 }];
    const outcome = node.handle("NDATA", undefined, { seq: 9n, metrics });
    expect(outcome).toMatchObject({ doubt: "no birth seen", rebirth: expect.any(String) });
    expect(found(outcome)).toEqual([[undefined, "speed", 1]]);
    expect(outcome.unknown).toBe(1);
  });

  test("of a device that has died needs a new birth of the device", () => {
    const node = born();
    node.handle("DDEATH", "oven", { seq: 2n });
    const outcome = node.handle("DDATA", "oven", { seq: 3n, metrics: [{ alias: 2n }] });
    expect(outcome).toMatchObject({ found: [], unknown: 1, rebirth: expect.any(String) });
  });
});

describe("sequence numbers", () => {
  test("go round at 256 without a gap", () => {
    const node = born();
    for (let seq = 2; seq < 600; seq++) {
      const outcome = node.handle("NDATA", undefined, { seq: BigInt(seq % 256), metrics: [] });
      expect(outcome).toEqual({ found: [], dead: [], unknown: 0 });
    }
  });

  test.each([3n, 1n + 255n, 300n, undefined])("that go on with %s are a gap", (seq) => {
    const outcome = born().handle("NDATA", undefined, {
      metrics: [{ alias: 1n, intValue: 1 }],
      ...(seq !== undefined && { seq }),
    });
    expect(outcome).toMatchObject({ doubt: "sequence gap", rebirth: expect.any(String) });
  });

  test("that come twice are one message, repeated", () => {
    const node = born();
    const message = { seq: 2n, metrics: [{ alias: 1n, intValue: 1 }] };
    node.handle("NDATA", undefined, message);
    expect(node.handle("NDATA", undefined, message).doubt).toBeUndefined();
  });

  test("with any one message missing are seen to have a gap, until the node is born again", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 700 }), (missing) => {
        const node = born();
        for (let seq = 2; seq < missing + 3; seq++) {
          if (seq === missing) continue;
          const outcome = node.handle("NDATA", undefined, { seq: BigInt(seq % 256), metrics: [] });
          expect(outcome.doubt).toBe(seq > missing ? "sequence gap" : undefined);
        }
        node.handle("NBIRTH", undefined, { seq: 0n, metrics: [metric("speed", 1n)] });
        const next = node.handle("NDATA", undefined, { seq: 1n, metrics: [] });
        expect(next.doubt).toBeUndefined();
      }),
    );
  });
});

describe("a death", () => {
  test("ends the metrics of the node and of all its devices, once", () => {
    const node = born();
    const { dead } = node.handle("NDEATH", undefined, { metrics: [bdSeq(3n)] });
    expect(dead.map(({ device, name }) => [device, name])).toEqual([
      [undefined, "bdSeq"],
      [undefined, "speed"],
      ["oven", "heat"],
    ]);
    expect(node.isOnline).toBe(false);
    expect(node.handle("NDEATH", undefined, { metrics: [bdSeq(3n)] }).dead).toEqual([]);
  });

  test("of an earlier connection does not end this one", () => {
    const node = born();
    expect(node.handle("NDEATH", undefined, { metrics: [bdSeq(2n)] }).dead).toEqual([]);
    expect(node.isOnline).toBe(true);
  });
});

test.each([
  ["without its type", { name: "bdSeq", longValue: 3n }],
  ["in 32 bits", { name: "bdSeq", datatype: 4, intValue: 3 }],
])("a death whose number stands %s ends its birth", (_, death) => {
  const node = born();
  const other = { ...death, ...("intValue" in death ? { intValue: 2 } : { longValue: 2n }) };
  expect(node.handle("NDEATH", undefined, { metrics: [other] }).dead).toEqual([]);
  expect(node.handle("NDEATH", undefined, { metrics: [death] }).dead).not.toEqual([]);
});

describe("a lost connection to its broker", () => {
  test("makes all metrics unknown, once, until the node is born again", () => {
    const node = born();
    expect(node.lost().map(({ name }) => name)).toEqual(["bdSeq", "speed", "heat"]);
    expect(node.lost()).toEqual([]);
    expect(node.isUpToDate).toBe(false);
    const data = { seq: 2n, metrics: [{ alias: 1n, intValue: 5 }] };
    const next = node.handle("NDATA", undefined, data);
    expect(found(next)).toEqual([[undefined, "speed", 5]]);
    expect(next).toMatchObject({ rebirth: "the connection to its broker was lost" });
    expect(next.doubt).toBeUndefined();
    node.handle("NBIRTH", undefined, { seq: 0n, metrics: [metric("speed", 1n)] });
    expect(node.isUpToDate).toBe(true);
    expect(node.handle("NDATA", undefined, { seq: 1n }).rebirth).toBeUndefined();
  });

  test("is nothing new of a node that is dead, or was never born", () => {
    const dead = born();
    dead.handle("NDEATH", undefined, { metrics: [bdSeq(3n)] });
    expect(dead.lost()).toEqual([]);
    expect(new EdgeNode(10).lost()).toEqual([]);
  });
});

describe("a birth", () => {
  test("replaces what was known: an old alias means nothing any more", () => {
    const node = born();
    node.handle("NBIRTH", undefined, { seq: 0n, metrics: [metric("torque", 1n)] });
    const byAlias = { alias: 1n, intValue: 5 };
    expect(found(node.handle("NDATA", undefined, { seq: 1n, metrics: [byAlias] }))).toEqual([
      [undefined, "torque", 5],
    ]);
    const gone = node.handle("DDATA", "oven", { seq: 2n, metrics: [{ alias: 2n }] });
    expect(gone.unknown).toBe(1);
  });

  test("of endless metrics is taken up to the limit, however often it comes", () => {
    const node = new EdgeNode(100);
    const metrics = Array.from({ length: 250 }, (_, i) => metric(`m${i}`, BigInt(i)));
    for (let device = 0; device < 5; device++) {
      const outcome = node.handle("NBIRTH", undefined, { seq: 0n, metrics });
      expect([outcome.found.length, outcome.unknown]).toEqual([100, 150]);
      node.handle("DBIRTH", `d${device}`, { seq: 1n, metrics });
      expect(node.size).toBe(100);
    }
  });
});
