/**
 * An asynchronous motor: current follows the load, the winding follows the current's square with
 * minutes of delay, the bearing follows the winding, and vibration grows with load and warmth.
 */
import type { Random } from "#core/random.ts";
import { counter, type DeviceModel, gauge, type TagSpec } from "./device-model.ts";
import { ColouredNoise, Inertia } from "./inertia.ts";
import { DutyCycle, dailyLoad, Stepper } from "./load.ts";

const HOUR_MS = 3_600_000;

const TAGS: readonly TagSpec[] = [
  gauge("load", "%", 1, 8, 85),
  gauge("current", "A", 2, 8, 38),
  gauge("voltage", "V", 1, 390, 410),
  gauge("power", "kW", 2, 3, 22),
  gauge("speed", "rpm", 1, 1455, 1495),
  gauge("torque", "Nm", 1, 15, 130),
  gauge("winding_temp", "°C", 2, 40, 125),
  gauge("bearing_temp", "°C", 2, 38, 78),
  gauge("vibration", "mm/s", 3, 0, 3.5),
  counter("running_hours", "h"),
];

export class Motor implements DeviceModel {
  readonly tags = TAGS;
  readonly #stepper = new Stepper();
  readonly #duty: DutyCycle;
  readonly #shiftMs: number;
  readonly #load: Inertia;
  readonly #winding: Inertia;
  readonly #bearing: Inertia;
  readonly #loadNoise: ColouredNoise;
  readonly #mains: ColouredNoise;
  readonly #warmth: ColouredNoise;
  readonly #shake: ColouredNoise;
  readonly #imbalance: number;
  #runningHours: number;

  constructor(random: Random) {
    this.#duty = new DutyCycle(random, 90_000, 0.55);
    this.#shiftMs = (random.next() - 0.5) * HOUR_MS;
    this.#load = new Inertia(6000, 0.5);
    this.#winding = new Inertia(240_000, 68);
    this.#bearing = new Inertia(400_000, 52);
    this.#loadNoise = new ColouredNoise(random, 0.012, 1500);
    this.#mains = new ColouredNoise(random, 1.2, 20_000);
    this.#warmth = new ColouredNoise(random, 0.08, 4000);
    this.#shake = new ColouredNoise(random, 0.09, 800);
    this.#imbalance = 0.5 + random.next();
    this.#runningHours = 1000 + random.next() * 40_000;
  }

  sample(tMs: number, values: Float64Array): void {
    const stepMs = this.#stepper.step(tMs);
    const demand = dailyLoad(tMs, this.#shiftMs) * this.#duty.at(tMs);
    const load = Math.max(0.08, this.#load.follow(demand, stepMs) + this.#loadNoise.next(stepMs));
    const voltage = 400 + this.#mains.next(stepMs) - 2 * load;
    const current = Math.sqrt(64 + (load * 42) ** 2);
    const power = (1.732 * voltage * current * (0.45 + 0.42 * load)) / 1000;
    const speed = 1497 - 46 * load;
    const winding = this.#winding.follow(34 + 0.085 * current * current, stepMs);
    const bearing = this.#bearing.follow(26 + 0.4 * winding, stepMs);
    const warmth = this.#warmth.next(stepMs);
    this.#runningHours += stepMs / HOUR_MS;
    values[0] = 100 * load;
    values[1] = current;
    values[2] = voltage;
    values[3] = power;
    values[4] = speed;
    values[5] = (power * 9550) / speed;
    values[6] = winding + warmth;
    values[7] = bearing + 0.6 * warmth;
    values[8] = Math.max(
      0.05,
      this.#imbalance * (0.7 + 1.6 * load) + 0.012 * (bearing - 50) + this.#shake.next(stepMs),
    );
    values[9] = this.#runningHours;
  }
}
