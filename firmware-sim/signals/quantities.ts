/**
 * What a device of unknown make would measure, by the names and units of its tags: voltages, currents
 * and powers of one three-phase feeder that agree with each other, energies that only grow, and for
 * everything else a number that follows the load.
 */
import type { Random } from "#core/random.ts";
import { EnergyMeter } from "./energy-meter.ts";

/** What of a tag tells its quantity. */
export interface Named {
  readonly name: string;
  readonly unit: string | undefined;
}

/** One instant of the feeder. */
interface Feeder {
  /** Each of the three phases. */
  voltages: readonly number[];
  currents: readonly number[];
  powerW: number;
  powerFactor: number;
  frequencyHz: number;
  energyKwh: number;
}

type Formula = (feeder: Feeder, phase: number) => number;

const PHASES = 3;
const VOLTAGE_DC = 640;
/** An inverter loses some 3 % of what it takes. */
const DC_SHARE = 1.03;
const CURRENT_MAX_A = 150;
/** As read from a drive that runs. */
const WORD_RUNNING = 0x0237;

/**
 * The first whose pattern fits counts. The last number is the greatest that is to be expected, by
 * which scale factors are chosen.
 */
const FORMULAS: readonly [pattern: RegExp, formula: Formula, max: number][] = [
  [/^dc_?voltage/, () => VOLTAGE_DC, 1000],
  [/^dc_?power/, ({ powerW }) => powerW * DC_SHARE, 100_000],
  [/^dc_?current/, ({ powerW }) => (powerW * DC_SHARE) / VOLTAGE_DC, 200],
  [/thd/, ({ powerW }) => 1.5 + powerW / 1e5, 20],
  [/voltage_l[123]_?l[123]/, ({ voltages }) => mean(voltages) * Math.sqrt(3), 480],
  [/voltage/, ({ voltages }, phase) => voltages[phase] ?? mean(voltages), 280],
  [/current_total/, ({ currents }) => sum(currents), PHASES * CURRENT_MAX_A],
  [/current/, ({ currents }, phase) => currents[phase] ?? mean(currents), CURRENT_MAX_A],
  [/power_factor/, ({ powerFactor }) => powerFactor, 1],
  [/apparent_power/, ({ powerW, powerFactor }) => powerW / powerFactor, 110_000],
  [
    /reactive_power/,
    ({ powerW, powerFactor }) => powerW * Math.tan(Math.acos(powerFactor)),
    80_000,
  ],
  [/power/, powerOf, 100_000],
  [/frequency/, ({ frequencyHz }) => frequencyHz, 52],
  [/energy_export/, ({ energyKwh }) => energyKwh * 0.13, 1e6],
  [/energy/, ({ energyKwh }) => energyKwh, 1e6],
  [/temperature/, ({ powerW }) => 28 + powerW / 2500, 90],
  [/word/, () => WORD_RUNNING, 0xffff],
];

/** Whatever else a tag is: it goes up and down with the load. */
const OTHER: [formula: Formula, max: number] = [({ powerW }) => powerW / 100, 1000];

export class Quantities {
  readonly #meter: EnergyMeter;
  readonly #values: Float64Array;

  constructor(random: Random) {
    this.#meter = new EnergyMeter(random);
    this.#values = new Float64Array(this.#meter.tags.length);
  }

  /** Moves to `tMs`, in ms since 1970. */
  measure(tMs: number): void {
    this.#meter.sample(tMs, this.#values);
  }

  /** The tag's value as last measured, in its unit. */
  valueOf(tag: Named): number {
    const phase = Number(/l([123])/.exec(tag.name)?.[1] ?? 0) - 1;
    return formulaOf(tag)[0](this.#feeder(), phase) / kiloOf(tag);
  }

  #feeder(): Feeder {
    const at = (index: number): number => this.#values[index] ?? 0;
    return {
      voltages: [at(0), at(1), at(2)],
      currents: [at(3), at(4), at(5)],
      powerW: at(6) * 1000,
      powerFactor: at(7),
      frequencyHz: at(8),
      energyKwh: at(9),
    };
  }
}

/** The greatest value that is to be expected of a tag, in its unit. */
export function greatestOf(tag: Named): number {
  return formulaOf(tag)[1] / kiloOf(tag);
}

function formulaOf({ name }: Named): [formula: Formula, max: number] {
  for (const [pattern, formula, max] of FORMULAS) {
    if (pattern.test(name)) return [formula, max];
  }
  return OTHER;
}

/** Powers are in W, unless the unit says kW, kVA or kvar. Energies are in kWh anyway. */
function kiloOf({ unit }: Named): number {
  return unit !== undefined && /^k(W|VA|var)$/.test(unit) ? 1000 : 1;
}

function powerOf({ voltages, currents, powerFactor, powerW }: Feeder, phase: number): number {
  const [voltage, current] = [voltages[phase], currents[phase]];
  if (voltage === undefined || current === undefined) return powerW;
  return voltage * current * powerFactor;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}
