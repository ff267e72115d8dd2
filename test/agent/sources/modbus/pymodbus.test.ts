// peerTest is a test block, which the linter cannot know:
// oxlint-disable vitest/no-standalone-expect
import { expect } from "vitest";
import { peerTest, pymodbus } from "#test/support/peer.ts";
import { until } from "#test/support/until.ts";
import { PymodbusServer } from "./pymodbus-server.ts";
import { startBus } from "./start-bus.ts";

const ORDERS = ["ABCD", "CDAB", "BADC", "DCBA"];

/** Each value has different bytes in every place, so that no wrong order can go unnoticed. */
const VALUES: [type: string, words: number, values: number[]][] = [
  ["int16", 1, [-12_345, 1, -1]],
  ["uint16", 1, [54_321, 1]],
  ["int32", 2, [-1_234_567_890, 305_419_896]],
  ["uint32", 2, [3_735_928_559, 1]],
  ["float32", 2, [71.2, -0.1, 1e-30, 3.4e38]],
  ["int64", 4, [-1_234_567_890_123, 81_985_529_216_486]],
  ["uint64", 4, [9_007_199_254_740_991]],
  ["float64", 4, [-0.1, 1e-300]],
  ["bcd16", 1, [1234, 9999]],
  ["bcd32", 2, [12_345_678, 7]],
];

interface Case {
  tag: string;
  address: number;
  type: string;
  order: string;
  value: number;
}

function everyCase(): Case[] {
  let address = 0;
  return VALUES.flatMap(([type, words, values]) =>
    ORDERS.flatMap((order) =>
      values.map((value, i) => {
        const tag = `${type}-${order}-${i}`;
        address += words;
        return { tag, address: address - words, type, order, value };
      }),
    ),
  );
}

peerTest("reads what pymodbus encoded, in every type and order", [pymodbus], async () => {
  const cases = everyCase();
  const server = await PymodbusServer.start({
    7: { registers: cases.map(({ address, type, order, value }) => [address, type, order, value]) },
  });
  const tags = Object.fromEntries(
    cases.map(({ tag, address, type, order }) => [
      tag,
      { register: 40_001 + address, type, order },
    ]),
  );
  const { bus, intake } = await startBus(server.port, { meter: { unit: 7, every: "50ms", tags } });
  try {
    await until(() => intake.batches.length > 1);
    const expected = Object.fromEntries(cases.map(({ tag, value }) => [tag, value]));
    expect(intake.latest("meter")).toEqual(expected);
    expect(intake.readings("meter").every((reading) => reading.quality === "good")).toBe(true);
    expect(bus.status().state).toBe("running");
  } finally {
    await bus.stop();
    await server.stop();
  }
});

peerTest(
  "reads a text that pymodbus encoded, and a text that fills its registers",
  [pymodbus],
  async () => {
    const server = await PymodbusServer.start({
      1: {
        registers: [
          [4, "string", "ABCD", "SN-0815\0"],
          [20, "string", "ABCD", "eight ch"],
        ],
      },
    });
    const tags = {
      serial: { register: 40_005, type: "string", length: 4 },
      full: { register: 40_021, type: "string", length: 4 },
    };
    const { bus, intake } = await startBus(server.port, { meter: { every: "50ms", tags } });
    try {
      await until(() => intake.batches.length > 0);
      expect(intake.latest("meter")).toEqual({ serial: "SN-0815", full: "eight ch" });
    } finally {
      await bus.stop();
      await server.stop();
    }
  },
);

peerTest("reads coils, discrete inputs and input registers of pymodbus", [pymodbus], async () => {
  const bits = Array.from({ length: 40 }, (_, i) => i % 3 === 0);
  const server = await PymodbusServer.start({
    1: { coils: bits, discretes: bits.map((bit) => !bit), words: [[9, [1234]]] },
  });
  const tags = {
    first: { coil: 1 },
    last: { coil: 40 },
    far: { discrete: 9 },
    level: { register: 30_010, scale: 0.1, offset: -3.4 },
  };
  const { bus, intake } = await startBus(server.port, { tank: { every: "50ms", tags } });
  try {
    await until(() => intake.batches.length > 0);
    expect(intake.latest("tank")).toEqual({ first: true, last: true, far: true, level: 120 });
  } finally {
    await bus.stop();
    await server.stop();
  }
});

peerTest("isolates the one register that pymodbus does not have", [pymodbus], async () => {
  const words: [number, number[]][] = [0, 1, 2, 4, 5].map((address) => [address, [address + 100]]);
  const server = await PymodbusServer.start({ 1: { words } });
  const tags = Object.fromEntries(
    [0, 1, 2, 3, 4, 5].map((address) => [`r${address}`, { register: 40_001 + address }]),
  );
  const { bus, intake } = await startBus(server.port, { plc: { every: "50ms", tags } });
  try {
    await until(() => intake.batches.length > 2);
    expect(intake.latest("plc")).toEqual({ r0: 100, r1: 101, r2: 102, r3: null, r4: 104, r5: 105 });
    const bad = intake.readings("plc", "r3");
    expect(bad.every((reading) => reading.reason === "exception 2")).toBe(true);
    expect(bus.status().detail).toBe("1 tags are refused by their device, such as on plc");
  } finally {
    await bus.stop();
    await server.stop();
  }
});

peerTest("scales by the power of ten in a SunSpec device's register", [pymodbus], async () => {
  // Model 103: 40084 is W, 40085 is W_SF; A_SF at 40076 is not implemented here.
  const server = await PymodbusServer.start({
    1: {
      words: [
        [83, [4321, 0xfffe]],
        [71, [152]],
        [75, [0x8000]],
      ],
    },
  });
  const tags = {
    power: { register: 40_084, type: "int16", scaleRegister: 40_085, unit: "W" },
    half: { register: 40_084, type: "int16", scaleRegister: 40_085, scale: 0.5 },
    current: { register: 40_072, scaleRegister: 40_076 },
  };
  const { bus, intake } = await startBus(server.port, { inverter: { every: "50ms", tags } });
  try {
    await until(() => intake.batches.length > 0);
    expect(intake.latest("inverter")).toEqual({ power: 43.21, half: 21.605, current: null });
    expect(intake.readings("inverter", "current")[0]?.reason).toBe("invalid code");
  } finally {
    await bus.stop();
    await server.stop();
  }
});
