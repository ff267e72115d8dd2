import { expect, test } from "vitest";
import { createRandom } from "#core/random.ts";
import { publisherName, watchedDevices } from "#sim/demo/watched-devices.ts";
import { FaultLabels } from "#sim/faults/fault-injector.ts";
import { VirtualDevice } from "#sim/fleet/virtual-device.ts";
import { deviceKinds } from "#sim/signals/device-model.ts";
import { shuffledOrder } from "#sim/signals/distinct-digits.ts";

test("a hundred devices at most have limits, each by its name", () => {
  expect(Object.keys(watchedDevices(3))).toEqual(["motor-0001", "pump-0002", "oven-0003"]);
  expect(Object.keys(watchedDevices(5000))).toHaveLength(100);
  expect(publisherName(999)).toBe("meter-1000");
});

test("an ordinary hour crosses no limit", () => {
  const startMs = 1_763_707_200_000;
  const random = createRandom(3);
  const order = shuffledOrder(2, random);
  const watched = watchedDevices(4);
  for (const [index, kind] of deviceKinds.entries()) {
    const name = publisherName(index);
    const settings = { name, kind, faultsPerHour: 0, warmUpMs: 0, startMs };
    const device = new VirtualDevice(settings, order, new FaultLabels(), random);
    const crossed = new Set<string>();
    for (let second = 0; second < 3600; second++) {
      const values = device.sample(startMs + second * 1000);
      for (const [i, tag] of device.tagNames.entries()) {
        const limits = watched[name]?.tags[tag]?.limits;
        if (limits && (values[i]! > limits.h || values[i]! < limits.l)) crossed.add(tag);
      }
    }
    expect([name, ...crossed]).toEqual([name]);
  }
});
