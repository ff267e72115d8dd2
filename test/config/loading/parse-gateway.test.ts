/** The compiled reading of data against the schema's own. */
import { expect, test } from "vitest";
import { gatewaySchema } from "#config/gateway.ts";
import { parseGateway } from "#config/loading/parse-gateway.ts";
import type { RawMapping } from "#config/yaml/raw.ts";

/** One tag of each kind that the schema has a rule for. */
const TAGS = {
  plain: { register: 40_001 },
  full: {
    register: 40_003,
    type: "float32",
    order: "CDAB",
    unit: "°C",
    scale: 0.1,
    deadband: "1%",
    maxSilence: "90s",
    range: [-40, 400],
    maxRate: 5,
    every: "250ms",
    stale: "off",
    invalid: [0x7fff],
    filter: { median: 3, minInterval: "1s" },
    limits: { hh: 240, h: 230, deadband: 2, rate: "30/min", onDelay: "2s" },
  },
  field: { register: 40_005, bits: [2, 5], values: { 0: "stopped", 1: "running" } },
  bit: { coil: 4, writable: true },
};

function plantOf(tags: unknown): RawMapping {
  const device = { bus: "a", tags };
  return {
    version: 1,
    gateway: "hall-3",
    buses: { a: { modbus: "tcp", host: "10.0.0.1" } },
    devices: { one: { ...device, unit: 1 }, two: { ...device, unit: 2 }, bare: { unit: 3 } },
  };
}

test.each([
  ["a plant of two devices that share tags of each kind", plantOf(TAGS)],
  ["a file without devices", { version: 1, gateway: "hall-3" }],
])("%s is read as the schema reads it", (_, data) => {
  const settings = parseGateway(data);
  expect(settings).toBeDefined();
  expect(JSON.stringify(settings)).toBe(JSON.stringify(gatewaySchema.parse(data)));
});

test.each([
  ["a tag with a misspelt key", plantOf({ speed: { registr: 40_001 } })],
  ["a tag whose value is out of bounds", plantOf({ speed: { register: 40_001, every: "1ms" } })],
  ["tags that are a list", plantOf(["speed"])],
  ["a tag whose name is none", plantOf({ "the speed": { register: 40_001 } })],
])("nothing is made of %s", (_, data) => {
  expect(gatewaySchema.safeParse(data).success).toBe(false);
  expect(parseGateway(data)).toBeUndefined();
});
