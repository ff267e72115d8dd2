import { ModbusBus } from "#agent/sources/modbus/modbus-bus.ts";
import type { DeviceSettings } from "#config/gateway/device.ts";
import type { ModbusBusSettings } from "#config/gateway/modbus-bus.ts";
import { gatewaySchema } from "#config/gateway.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { MemoryIntake } from "#test/support/memory-intake.ts";

type Written = Record<string, unknown>;

/** Settings as the file's schema makes them, with its defaults. */
export function settingsOf(
  bus: Written,
  devices: Record<string, Written>,
): { bus: ModbusBusSettings; devices: Record<string, DeviceSettings> } {
  const settings = gatewaySchema.parse({
    version: 1,
    gateway: "test",
    uplink: { eventHubs: { connectionString: "Endpoint=sb://localhost/", hub: "h" } },
    buses: { line: bus },
    devices: Object.fromEntries(
      Object.entries(devices).map(([name, device]) => [name, { bus: "line", ...device }]),
    ),
  });
  const line = settings.buses["line"];
  if (!line || !("modbus" in line)) throw new Error("not a Modbus bus");
  return { bus: line, devices: settings.devices };
}

/** A running bus against a server on this port of the loopback, and what it gave. */
export async function startBus(
  port: number,
  devices: Record<string, Written>,
  bus: Written = {},
): Promise<{ bus: ModbusBus; intake: MemoryIntake }> {
  const wire = { modbus: "tcp", host: "127.0.0.1", port, timeout: "200ms" };
  return await startBusOn({ ...wire, ...bus }, devices);
}

/** A running bus with these settings, and what it gave. */
export async function startBusOn(
  bus: Written,
  devices: Record<string, Written>,
): Promise<{ bus: ModbusBus; intake: MemoryIntake }> {
  const settings = settingsOf(bus, devices);
  const intake = new MemoryIntake();
  const modbus = new ModbusBus({
    name: "line",
    settings: settings.bus,
    devices: settings.devices,
    intake,
    clock: systemClock,
    random: createRandom(1),
    log: silentLogger,
  });
  await modbus.start();
  return { bus: modbus, intake };
}
