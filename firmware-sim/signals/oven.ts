/**
 * A tunnel oven of three zones: a proportional controller holds each at its set point against
 * goods that come and go; heat moves to the neighbour zone, and outside through the stack.
 */
import type { Random } from "#core/random.ts";
import { counter, type DeviceModel, gauge, type TagSpec } from "./device-model.ts";
import { ColouredNoise, Inertia } from "./inertia.ts";
import { DutyCycle, dailyLoad, Stepper } from "./load.ts";

const HOUR_MS = 3_600_000;
const HEATER_KW = 48;

const TAGS: readonly TagSpec[] = [
  gauge("temperature", "°C", 2, 195, 225),
  gauge("zone_2", "°C", 2, 190, 230),
  gauge("zone_3", "°C", 2, 170, 215),
  gauge("stack_temp", "°C", 1, 110, 160),
  gauge("heater", "%", 1, 20, 90),
  gauge("power", "kW", 2, 10, 44),
  gauge("humidity", "%", 2, 4, 14),
  gauge("draught", "mbar", 3, 0.2, 0.9),
  gauge("belt_speed", "m/min", 3, 1.2, 2.4),
  counter("energy", "kWh"),
];

export class Oven implements DeviceModel {
  readonly tags = TAGS;
  readonly #stepper = new Stepper();
  readonly #goods: DutyCycle;
  readonly #shiftMs: number;
  readonly #zones: readonly [Inertia, Inertia, Inertia];
  readonly #heater: Inertia;
  readonly #stack: Inertia;
  readonly #belt: Inertia;
  readonly #thermocouple: ColouredNoise;
  readonly #draught: ColouredNoise;
  readonly #setPoint: number;
  #energyKwh: number;

  constructor(random: Random) {
    this.#goods = new DutyCycle(random, 150_000, 0.4);
    this.#shiftMs = (random.next() - 0.5) * HOUR_MS;
    this.#setPoint = 205 + 10 * random.next();
    this.#zones = [
      new Inertia(90_000, this.#setPoint),
      new Inertia(110_000, this.#setPoint + 2),
      new Inertia(130_000, this.#setPoint - 18),
    ];
    this.#heater = new Inertia(5000, 0.55);
    this.#stack = new Inertia(60_000, 135);
    this.#belt = new Inertia(3000, 1.8);
    this.#thermocouple = new ColouredNoise(random, 0.12, 900);
    this.#draught = new ColouredNoise(random, 0.02, 2500);
    this.#energyKwh = 10_000 + random.next() * 400_000;
  }

  sample(tMs: number, values: Float64Array): void {
    const stepMs = this.#stepper.step(tMs);
    const [first, second, third] = this.#zones;
    const goods = dailyLoad(tMs, this.#shiftMs) * this.#goods.at(tMs);
    const wanted = 0.3 + 0.5 * goods + 0.05 * (this.#setPoint - first.value);
    const heater = this.#heater.follow(Math.min(1, Math.max(0, wanted)), stepMs);
    // In balance the heater covers 0.3 + 0.5 × goods; what it gives beyond warms the zone.
    first.follow(first.value + 60 * (heater - 0.3 - 0.5 * goods), stepMs);
    second.follow(first.value + 3 - 4 * goods, stepMs);
    third.follow(second.value - 16 - 8 * goods, stepMs);
    const noise = this.#thermocouple.next(stepMs);
    const draught = this.#draught.next(stepMs);
    const belt = this.#belt.follow(1.3 + goods, stepMs);
    const power = 1.5 + HEATER_KW * heater;
    this.#energyKwh += (power * stepMs) / HOUR_MS;
    values[0] = first.value + noise;
    values[1] = second.value + 0.7 * noise;
    values[2] = third.value - 0.5 * noise;
    values[3] = this.#stack.follow(0.55 * first.value + 30 * heater, stepMs) + 5 * draught;
    values[4] = 100 * heater;
    values[5] = power;
    values[6] = 4 + 9 * goods + 10 * draught;
    values[7] = 0.35 + 0.4 * heater + draught;
    values[8] = belt + 0.01 * noise;
    values[9] = this.#energyKwh;
  }
}
