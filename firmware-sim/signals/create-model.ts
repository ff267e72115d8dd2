import type { Random } from "#core/random.ts";
import type { DeviceKind, DeviceModel } from "./device-model.ts";
import { EnergyMeter } from "./energy-meter.ts";
import { Motor } from "./motor.ts";
import { Oven } from "./oven.ts";
import { Pump } from "./pump.ts";

export function createModel(kind: DeviceKind, random: Random): DeviceModel {
  switch (kind) {
    case "motor":
      return new Motor(random);
    case "pump":
      return new Pump(random);
    case "oven":
      return new Oven(random);
    case "meter":
      return new EnergyMeter(random);
  }
}
