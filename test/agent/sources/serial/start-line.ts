import { SerialLine } from "#agent/sources/serial/serial-line.ts";
import type { SerialBusSettings } from "#config/gateway/serial-bus.ts";
import type { TagSettings } from "#config/gateway/tag.ts";
import { gatewaySchema } from "#config/gateway.ts";
import { type Clock, systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { MemoryIntake } from "#test/support/memory-intake.ts";

const WEIGHT = "(?<weight>[-+.0-9]+) kg";

/** Settings as the file's schema makes them, with its defaults. */
export function serialSettings(
  bus: Record<string, unknown>,
  tags: Record<string, unknown> = {},
): { bus: SerialBusSettings; tags: Record<string, TagSettings> } {
  const settings = gatewaySchema.parse({
    version: 1,
    gateway: "test",
    uplink: { eventHubs: { connectionString: "Endpoint=sb://localhost/", hub: "h" } },
    buses: { scale: bus },
    devices: { "scale-1": { bus: "scale", tags } },
  });
  const scale = settings.buses["scale"];
  if (!scale || !("serial" in scale)) throw new Error("not a serial bus");
  return { bus: scale, tags: settings.devices["scale-1"]!.tags };
}

/** A running line on this port, and what it gave. */
export async function startLine(
  path: string,
  written: { bus?: Record<string, unknown>; tags?: Record<string, unknown>; clock?: Clock } = {},
): Promise<{ line: SerialLine; intake: MemoryIntake }> {
  const intake = new MemoryIntake();
  const settings = serialSettings(
    {
      serial: path,
      ...(written.bus?.["format"] === undefined && { match: WEIGHT }),
      ...written.bus,
    },
    written.tags,
  );
  const line = new SerialLine({
    name: "scale",
    settings: settings.bus,
    device: "scale-1",
    tags: settings.tags,
    intake,
    clock: written.clock ?? systemClock,
    random: createRandom(1),
    log: silentLogger,
  });
  await line.start();
  return { line, intake };
}
