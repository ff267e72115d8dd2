/**
 * A centrifugal pump on a tank: flow goes with speed, head with its square, power with its cube
 * (the affinity laws); the tank's level is what flows in less what is pumped out.
 */
import type { Random } from "#core/random.ts";
import { counter, type DeviceModel, gauge, type TagSpec } from "./device-model.ts";
import { ColouredNoise, Inertia } from "./inertia.ts";
import { DutyCycle, dailyLoad, Stepper } from "./load.ts";

const HOUR_MS = 3_600_000;
const TANK_M3 = 30;

const TAGS: readonly TagSpec[] = [
  gauge("flow", "m³/h", 2, 25, 58),
  gauge("inlet_pressure", "bar", 3, 1.2, 1.6),
  gauge("outlet_pressure", "bar", 3, 2, 7),
  gauge("speed", "rpm", 1, 1500, 2900),
  gauge("current", "A", 2, 5, 26),
  gauge("power", "kW", 2, 2, 15),
  gauge("seal_temp", "°C", 2, 30, 60),
  gauge("vibration", "mm/s", 3, 0.7, 3),
  gauge("tank_level", "%", 2, 40, 80),
  counter("volume", "m³"),
];

export class Pump implements DeviceModel {
  readonly tags = TAGS;
  readonly #stepper = new Stepper();
  readonly #duty: DutyCycle;
  readonly #shiftMs: number;
  readonly #speed: Inertia;
  readonly #seal: Inertia;
  readonly #flowNoise: ColouredNoise;
  readonly #inletNoise: ColouredNoise;
  readonly #shake: ColouredNoise;
  #level: number;
  #volumeM3: number;

  constructor(random: Random) {
    this.#duty = new DutyCycle(random, 120_000, 0.6);
    this.#shiftMs = (random.next() - 0.5) * 2 * HOUR_MS;
    this.#speed = new Inertia(4000, 0.7);
    this.#seal = new Inertia(180_000, 46);
    this.#flowNoise = new ColouredNoise(random, 0.35, 700);
    this.#inletNoise = new ColouredNoise(random, 0.012, 1500);
    this.#shake = new ColouredNoise(random, 0.07, 600);
    this.#level = 45 + 20 * random.next();
    this.#volumeM3 = 5000 + random.next() * 80_000;
  }

  sample(tMs: number, values: Float64Array): void {
    const stepMs = this.#stepper.step(tMs);
    const demand = 0.5 + 0.5 * dailyLoad(tMs, this.#shiftMs) * this.#duty.at(tMs);
    const speed = this.#speed.follow(demand, stepMs);
    const flow = Math.max(0, 60 * speed + this.#flowNoise.next(stepMs));
    // The inflow valve aims at 60 %, so the level wanders around it and never leaves the tank.
    const inflow = 60 * speed + 1.5 * (60 - this.#level);
    this.#level += (((inflow - flow) * stepMs) / HOUR_MS / TANK_M3) * 100;
    const inlet = 0.9 + 0.008 * this.#level + this.#inletNoise.next(stepMs);
    const power = 1.2 + 14 * speed ** 3;
    this.#volumeM3 += (flow * stepMs) / HOUR_MS;
    values[0] = flow;
    values[1] = inlet;
    values[2] = inlet + 6.2 * speed * speed;
    values[3] = 2950 * speed;
    values[4] = power * 1.9;
    values[5] = power;
    values[6] = this.#seal.follow(24 + 2.6 * power, stepMs);
    values[7] = Math.max(0.05, 0.5 + 2.2 * speed * speed + this.#shake.next(stepMs));
    values[8] = this.#level;
    values[9] = this.#volumeM3;
  }
}
