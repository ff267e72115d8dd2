/** Reads the tags of a Modbus device once, as a poll would: the same blocks, codec and checks. */
import { AnswerTimes } from "#agent/sources/modbus/answer-times.ts";
import { DevicePoller } from "#agent/sources/modbus/device-poller.ts";
import type { GuestLink } from "#agent/sources/modbus/link.ts";
import { planLimits } from "#agent/sources/modbus/planner.ts";
import { createTags } from "#agent/sources/modbus/polled-tag.ts";
import type { DeviceSettings } from "#config/gateway/device.ts";
import type { ModbusBusSettings } from "#config/gateway/modbus-bus.ts";
import { systemClock } from "#core/clock.ts";
import { createRandom } from "#core/random.ts";
import { CollectingIntake, type ShownReading } from "./collecting-intake.ts";

export interface ModbusRead {
  bus: string;
  settings: ModbusBusSettings;
  name: string;
  device: DeviceSettings;
  link: GuestLink;
}

export async function readModbus(read: ModbusRead): Promise<ShownReading[]> {
  const { bus, settings, name, device, link } = read;
  const intake = new CollectingIntake(() => {});
  const refused: string[] = [];
  const refuse = (tag: string): void => void refused.push(tag);
  const poller = new DevicePoller({
    source: bus,
    device: name,
    unit: device.unit,
    intervalMs: device.every,
    timeoutMs: device.timeout ?? settings.timeout,
    pauseMs: device.pause,
    retries: device.retries,
    priority: 0,
    limits: planLimits(settings, device.maxRegisters),
    tags: createTags(name, device, { source: bus, intake, refuse }),
    busTimes: new AnswerTimes(),
    counters: NOT_COUNTED(),
    clock: systemClock,
    random: createRandom(1),
  });
  const readings: ShownReading[] = [];
  for (const group of poller.groups) {
    readings.push(...intake.readingsOf(await poller.poll(link, group)));
  }
  return inOrderOf(Object.keys(device.tags), [...readings, ...refused.map(withoutAddress)]);

  function withoutAddress(tag: string): ShownReading {
    const reason = "no address";
    return { device: name, tag, ts: null, value: null, quality: "bad", reason };
  }
}

/** One command makes one poll: its counters are of no interest. */
const NOT_COUNTED = (): ConstructorParameters<typeof DevicePoller>[0]["counters"] => ({
  requests: 0,
  answers: 0,
  exceptions: 0,
  timeouts: 0,
  malformed: 0,
  retries: 0,
  searches: 0,
  invalidValues: 0,
});

function inOrderOf(tags: readonly string[], readings: readonly ShownReading[]): ShownReading[] {
  return readings.toSorted((a, b) => tags.indexOf(a.tag) - tags.indexOf(b.tag));
}
