import { describe, expect, test } from "vitest";
import { gatewaySchema } from "#config/gateway.ts";
import { createRandom } from "#core/random.ts";
import { FaultLabels } from "#sim/faults/fault-injector.ts";
import { gatewayFragment } from "#sim/gateway-fragment.ts";
import { createUnits } from "#sim/modbus/create-units.ts";

const REQUIRED = {
  version: 1,
  gateway: "hall-3",
  uplink: { eventHubs: { connectionString: "Endpoint=sb://x/", hub: "telemetry" } },
};

describe("the gateway's fragment", () => {
  test("is a valid part of a gateway's configuration", () => {
    const fragment = gatewayFragment({
      modbusPort: 1502,
      units: 40,
      unitsPerBus: 16,
      every: "500ms",
      serialPath: "/dev/pts/7",
    });
    const settings = gatewaySchema.parse({ ...REQUIRED, ...fragment });
    expect(Object.keys(settings.buses)).toEqual(["plc-1", "plc-2", "plc-3", "scale"]);
    expect(Object.keys(settings.devices)).toHaveLength(41);
    expect(settings.devices["plc-pump-002"]).toMatchObject({ bus: "plc-1", unit: 2, every: 500 });
    expect(settings.devices["scale-1"]?.tags["weight"]).toBeDefined();
  });

  test("puts limits on some tags, beyond their ordinary range and in their order", () => {
    const { devices } = gatewayFragment({ modbusPort: 1502, units: 4 });
    const limited = Object.values(devices).flatMap(({ tags }) =>
      Object.values(tags).flatMap(({ limits }) => (limits ? [limits] : [])),
    );
    expect(limited).toHaveLength(20);
    for (const { hh, h, l, ll, deadband } of limited) {
      expect([ll, l, h, hh].toSorted((a, b) => a - b)).toEqual([ll, l, h, hh]);
      expect(deadband).toBeLessThan(h - l);
    }
  });

  test("sets limits that no ordinary day crosses, and that planted faults do", () => {
    const { devices } = gatewayFragment({ modbusPort: 1502, units: 20 });
    const quiet = new Map<string, number>();
    const troubled = new Map<string, number>();
    const startMs = Date.UTC(2026, 10, 21);
    for (const [crossings, faultsPerHour] of [
      [quiet, 0],
      [troubled, 6],
    ] as const) {
      const settings = { units: 12, faultsPerHour, warmUpMs: 0, startMs };
      for (const { device } of createUnits(settings, new FaultLabels(), createRandom(5)).values()) {
        const tags = Object.values(devices[device.name]?.tags ?? {});
        for (let tMs = startMs; tMs < startMs + 86_400_000; tMs += 30_000) {
          for (const [i, value] of device.sample(tMs).entries()) {
            const limits = tags[i]?.limits;
            if (!limits || !(value < limits.l || value > limits.h)) continue;
            crossings.set(device.name, (crossings.get(device.name) ?? 0) + 1);
          }
        }
      }
    }
    expect([...quiet]).toEqual([]);
    expect(troubled.size).toBe(12);
  });

  test("matches what the scale prints", () => {
    const { buses } = gatewayFragment({ serialPath: "/dev/pts/7" });
    const bus = buses["scale"];
    const pattern = bus && "match" in bus ? bus.match : "";
    expect(new RegExp(pattern).exec("+0012.345 kg")?.groups).toEqual({ weight: "+0012.345" });
    expect(new RegExp(pattern).exec("-0000.002 kg")?.groups).toEqual({ weight: "-0000.002" });
  });

  test("is empty where nothing but MQTT is simulated", () => {
    expect(gatewayFragment({})).toEqual({ buses: {}, devices: {} });
  });
});
