/** Listens to a serial line until it has said something that can be read. */
import { SerialLine } from "#agent/sources/serial/serial-line.ts";
import type { DeviceSettings } from "#config/gateway/device.ts";
import type { SerialBusSettings } from "#config/gateway/serial-bus.ts";
import { systemClock } from "#core/clock.ts";
import { isAbort, PenstockError } from "#core/errors.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { CollectingIntake, type ShownReading } from "./collecting-intake.ts";

export interface LineRead {
  bus: string;
  settings: SerialBusSettings;
  name: string;
  device: DeviceSettings;
  waitMs: number;
  signal: AbortSignal;
}

/**
 * The readings of the first line that has any; bad ones where the line was silent.
 * @throws PenstockError PORT_UNAVAILABLE: nothing came in time, with the line's own explanation
 */
export async function readLine(read: LineRead): Promise<ShownReading[]> {
  const { bus, settings, name, device, waitMs, signal } = read;
  const ended = new AbortController();
  const heard = Promise.withResolvers<ShownReading[]>();
  const line = new SerialLine({
    name: bus,
    settings,
    device: name,
    tags: device.tags,
    intake: new CollectingIntake(heard.resolve),
    clock: systemClock,
    random: createRandom(1),
    log: silentLogger,
  });
  await line.start();
  try {
    const waited = systemClock.sleep(waitMs, {
      name: "serial line",
      signal: AbortSignal.any([signal, ended.signal]),
    });
    const readings = await Promise.race([heard.promise, waited]);
    if (readings) return readings;
    const why = line.status().detail ?? `nothing was received within ${waitMs / 1000} s`;
    throw new PenstockError("PORT_UNAVAILABLE", why, { context: { bus } });
  } catch (error) {
    if (isAbort(error)) return [];
    throw error;
  } finally {
    ended.abort();
    await line.stop();
  }
}
