/** A three-phase energy meter on a feeder: its phases share the mains and differ in their load. */
import type { Random } from "#core/random.ts";
import { counter, type DeviceModel, gauge, type TagSpec } from "./device-model.ts";
import { ColouredNoise, Inertia } from "./inertia.ts";
import { DutyCycle, dailyLoad, Stepper } from "./load.ts";

const HOUR_MS = 3_600_000;
const FEEDER_A = 120;

const TAGS: readonly TagSpec[] = [
  gauge("voltage_l1", "V", 2, 225, 235),
  gauge("voltage_l2", "V", 2, 225, 235),
  gauge("voltage_l3", "V", 2, 225, 235),
  gauge("current_l1", "A", 2, 15, 115),
  gauge("current_l2", "A", 2, 15, 115),
  gauge("current_l3", "A", 2, 15, 115),
  gauge("power", "kW", 3, 8, 75),
  gauge("power_factor", "", 3, 0.8, 0.99),
  gauge("frequency", "Hz", 3, 49.9, 50.1),
  counter("energy", "kWh"),
];

export class EnergyMeter implements DeviceModel {
  readonly tags = TAGS;
  readonly #stepper = new Stepper();
  readonly #duty: DutyCycle;
  readonly #shiftMs: number;
  readonly #load: Inertia;
  readonly #mains: ColouredNoise;
  readonly #grid: ColouredNoise;
  readonly #loadNoise: readonly [ColouredNoise, ColouredNoise, ColouredNoise];
  readonly #share: readonly [number, number, number];
  #energyKwh: number;

  constructor(random: Random) {
    this.#duty = new DutyCycle(random, 60_000, 0.6);
    this.#shiftMs = (random.next() - 0.5) * HOUR_MS;
    this.#load = new Inertia(5000, 0.5);
    this.#mains = new ColouredNoise(random, 0.8, 30_000);
    this.#grid = new ColouredNoise(random, 0.015, 10_000);
    this.#loadNoise = [
      new ColouredNoise(random, 0.8, 1200),
      new ColouredNoise(random, 0.8, 1200),
      new ColouredNoise(random, 0.8, 1200),
    ];
    const spread = (): number => 0.9 + 0.2 * random.next();
    this.#share = [spread(), spread(), spread()];
    this.#energyKwh = 20_000 + random.next() * 700_000;
  }

  sample(tMs: number, values: Float64Array): void {
    const stepMs = this.#stepper.step(tMs);
    const demand = dailyLoad(tMs, this.#shiftMs) * this.#duty.at(tMs);
    const load = this.#load.follow(demand, stepMs);
    const mains = 231 + this.#mains.next(stepMs);
    const powerFactor = 0.8 + 0.18 * load;
    let apparentVa = 0;
    for (let phase = 0; phase < 3; phase++) {
      const share = this.#share[phase] ?? 1;
      const noise = this.#loadNoise[phase]?.next(stepMs) ?? 0;
      const current = Math.max(0.5, FEEDER_A * load * share + noise);
      const voltage = mains - 0.02 * current + 0.4 * (share - 1);
      values[phase] = voltage;
      values[3 + phase] = current;
      apparentVa += voltage * current;
    }
    const power = (apparentVa * powerFactor) / 1000;
    this.#energyKwh += (power * stepMs) / HOUR_MS;
    values[6] = power;
    values[7] = powerFactor;
    values[8] = 50 + this.#grid.next(stepMs);
    values[9] = this.#energyKwh;
  }
}
