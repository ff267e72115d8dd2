import { describe, expect, test } from "vitest";
import { type PlannedBus, planBuses } from "#agent/sources/modbus/bus-plan.ts";
import { loadGateway } from "#config/loading/load-config.ts";

function planOf(buses: string, devices: string, answerMs = 0): PlannedBus[] {
  const text = `version: 1
gateway: g
uplink: { eventHubs: { namespace: plant.servicebus.windows.net, hub: telemetry, key: k } }
buses: ${buses}
devices: ${devices}
`;
  return planBuses(loadGateway({ file: "g.yaml", text }, { environment: {} }), answerMs);
}

const TWO_REGISTERS = "tags: { a: { register: 40001 }, b: { register: 40002 } }";

/** The one request of a device with two registers on such a bus. */
function costOn(bus: string): { bytes: number; busyMs: number } {
  const [plan] = planOf(`{ line: ${bus} }`, `{ m: { bus: line, ${TWO_REGISTERS} } }`);
  return plan!.devices[0]!.requests[0]!;
}

describe("what a read costs", () => {
  test("Modbus TCP: 12 bytes there, 9 and the data back", () => {
    expect(costOn("{ modbus: tcp, host: h }")).toMatchObject({ bytes: 12 + 9 + 4, busyMs: 0 });
  });

  test("RTU: 8 bytes there, 5 and the data back, two silences, 11 bits a character with parity", () => {
    const { bytes, busyMs } = costOn("{ modbus: rtu, port: /dev/x, baud: 9600, parity: even }");
    expect(bytes).toBe(8 + 5 + 4);
    expect(busyMs).toBeCloseTo(((17 + 7) * 11 * 1000) / 9600, 6);
  });

  test("ASCII: two characters a byte, between colon and line end", () => {
    const { bytes, busyMs } = costOn("{ modbus: ascii, port: /dev/x, dataBits: 7, parity: even }");
    expect(bytes).toBe(17 + 11 + 8);
    expect(busyMs).toBeCloseTo((36 * 10 * 1000) / 9600, 6);
  });

  test("a pause and the device's own time keep the bus busy, too", () => {
    const [plan] = planOf(
      "{ line: { modbus: tcp, host: h, pause: 30ms } }",
      `{ m: { bus: line, ${TWO_REGISTERS} } }`,
      20,
    );
    expect(plan!.load).toBeCloseTo(0.05, 6);
    expect(plan!.requestsPerSecond).toBe(1);
  });
});

test("tags of one interval are planned together, and scale registers are read, but are no tags", () => {
  const [plan] = planOf(
    "{ line: { modbus: tcp, host: h } }",
    `
  m:
    bus: line
    every: 500ms
    tags:
      often: { register: 40001 }
      scaled: { register: 40003, scaleRegister: 40004 }
      seldom: { register: 40002, every: 10s }`,
  );
  const [often, seldom] = plan!.devices[0]!.requests;
  expect(often).toMatchObject({ everyMs: 500, from: "40001", to: "40004", size: 4, unwanted: 1 });
  expect(often!.tags).toEqual(["often", "scaled"]);
  expect(seldom).toMatchObject({ everyMs: 10_000, from: "40002", to: "40002", tags: ["seldom"] });
  expect(plan!.requestsPerSecond).toBeCloseTo(2.1, 6);
});

test("connections share the load", () => {
  const devices = `{ m: { bus: line, ${TWO_REGISTERS} } }`;
  const load = (more: string): number =>
    planOf(`{ line: { modbus: tcp, host: h${more} } }`, devices, 100)[0]!.load;
  expect(load(", connections: 4")).toBeCloseTo(load("") / 4, 6);
});

test("a wider gap is proposed where it saves time, and none where it does not", () => {
  const tags = "tags: { a: { register: 40001 }, b: { register: 40021 } }";
  const gapOn = (bus: string): PlannedBus["betterGap"] =>
    planOf(`{ line: ${bus} }`, `{ m: { bus: line, ${tags} } }`, 10)[0]!.betterGap;
  expect(gapOn("{ modbus: tcp, host: h }")).toMatchObject({ maxGap: 32, load: 0.01 });
  // 18 registers at 1200 baud take longer than another request.
  expect(gapOn("{ modbus: rtu, port: /dev/x, baud: 1200 }")).toBeUndefined();
});

test("serial lines of other devices are no part of it", () => {
  expect(planOf('{ s: { serial: /dev/x, match: "(?<a>.)" } }', "{}")).toEqual([]);
});
