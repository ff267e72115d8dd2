/**
 * A device template turned round: a unit that answers as the device would, with values that belong
 * together. Between its first and its last register of a table all can be read; those that the
 * template does not know hold 0.
 */

import { type Address, addressOf, registerAddress } from "#config/gateway/modbus-address.ts";
import type { TagSettings } from "#config/gateway/tag.ts";
import type { DeviceTemplate } from "#config/loading/template-shelf.ts";
import type { Random } from "#core/random.ts";
import { greatestOf, Quantities } from "../signals/quantities.ts";
import { encodeNumber, encodeText, RAW_MAX, REGISTERS } from "./encode-value.ts";
import { RegisterBlock } from "./register-block.ts";
import type { BitTable, RegisterTable, ServedUnit } from "./unit-bank.ts";

/** A device's own measuring cycle: between two of them it answers with the same values. */
const MEASURE_EVERY_MS = 100;

interface Place {
  readonly name: string;
  readonly settings: TagSettings;
  readonly address: Address;
  /** In registers. */
  readonly size: number;
  /** The power of ten in the tag's scale register. */
  readonly exponent: number;
}

/** Names of states in which a device is at work, as templates have them. */
const WORKING = /run|track|on\b|normal|active/i;

const SCALE_EXPONENT_MIN = -3;

export class TemplateUnit implements ServedUnit {
  readonly name: string;
  readonly title: string;
  readonly #unitId: number;
  readonly #quantities: Quantities;
  readonly #places: readonly Place[];
  readonly #blocks: Readonly<Record<RegisterTable, RegisterBlock>> = {
    holding: new RegisterBlock(),
    input: new RegisterBlock(),
  };
  #measuredAtMs = Number.NEGATIVE_INFINITY;

  constructor(template: DeviceTemplate, unitId: number, random: Random) {
    const { name, settings } = template;
    this.name = `${name}-${unitId}`;
    this.title = settings.title;
    this.#unitId = unitId;
    this.#quantities = new Quantities(random);
    this.#places = placesOf(settings.tags);
    for (const mark of settings.identify) this.#writeMark(mark);
    for (const place of this.#places) this.#writeFactor(place);
    this.#measure(0);
  }

  read(table: RegisterTable, address: number, length: number, nowMs: number): number[] | undefined {
    this.#measure(nowMs);
    return this.#blocks[table].read(address, length);
  }

  /** Every bit that a template names is on. */
  readBit(table: BitTable, address: number): boolean | undefined {
    const isThere = this.#places.some(
      (place) => place.address.table === table && place.address.start === address,
    );
    return isThere ? true : undefined;
  }

  readingsIn(table: RegisterTable, address: number, length: number): number {
    return this.#places.filter(({ address: at, size }) => {
      return at.table === table && at.start >= address && at.start + size <= address + length;
    }).length;
  }

  #measure(nowMs: number): void {
    if (nowMs - this.#measuredAtMs < MEASURE_EVERY_MS && nowMs >= this.#measuredAtMs) return;
    this.#measuredAtMs = nowMs;
    this.#quantities.measure(nowMs);
    for (const place of this.#places) this.#write(place.address, this.#wordsOf(place));
  }

  #wordsOf({ name, settings, exponent }: Place): number[] {
    const { type, order, scale, offset, unit, values, length } = settings;
    if (type === "string") return encodeText(this.#textOf(name), length);
    if (values) return encodeNumber(type, order, workingCode(values));
    const value = this.#quantities.valueOf({ name, unit });
    return encodeNumber(type, order, (value / 10 ** exponent - offset) / scale);
  }

  #textOf(name: string): string {
    if (/manufacturer|vendor/.test(name)) return "Penstock";
    if (/serial/.test(name)) return `SIM-${String(this.#unitId).padStart(4, "0")}`;
    return this.title;
  }

  /** What makes a scan recognise the device, where that is one value. */
  #writeMark(mark: DeviceTemplate["settings"]["identify"][number]): void {
    const { register, type, order, length, scale, offset, equals } = mark;
    const address = registerAddress(register);
    if (!address || equals === undefined) return;
    if (typeof equals === "string") return this.#write(address, encodeText(equals, length));
    if (type !== "string")
      this.#write(address, encodeNumber(type, order, (equals - offset) / scale));
  }

  #writeFactor({ settings, exponent }: Place): void {
    const { scaleRegister } = settings;
    const address = scaleRegister === undefined ? undefined : registerAddress(scaleRegister);
    if (address) this.#write(address, encodeNumber("int16", "ABCD", exponent));
  }

  #write({ table, start }: Address, words: readonly number[]): void {
    if (table === "holding" || table === "input") this.#blocks[table].write(start, words);
  }
}

function placesOf(tags: Readonly<Record<string, TagSettings>>): Place[] {
  const exponents = exponentsOf(tags);
  return Object.entries(tags).flatMap(([name, settings]) => {
    const address = addressOf(settings);
    if (!address) return [];
    const { type, length, scaleRegister } = settings;
    const size = type === "string" ? length : REGISTERS[type];
    return [{ name, settings, address, size, exponent: exponents.get(scaleRegister ?? 0) ?? 0 }];
  });
}

/** By scale register: the finest factor with which all tags that share it fit their registers. */
function exponentsOf(tags: Readonly<Record<string, TagSettings>>): Map<number, number> {
  const exponents = new Map<number, number>();
  for (const [name, { scaleRegister, type, scale, unit }] of Object.entries(tags)) {
    if (scaleRegister === undefined || type === "string") continue;
    const raw = greatestOf({ name, unit }) / scale;
    const needed = Math.ceil(Math.log10(raw / RAW_MAX[type]));
    const before = exponents.get(scaleRegister) ?? SCALE_EXPONENT_MIN;
    exponents.set(scaleRegister, Math.max(before, needed));
  }
  return exponents;
}

function workingCode(values: Readonly<Record<string, string>>): number {
  const codes = Object.entries(values);
  const [code] = codes.find(([, text]) => WORKING.test(text)) ?? codes[0] ?? ["0"];
  return Number(code);
}
