import type { VirtualDevice } from "../fleet/virtual-device.ts";
import {
  encodeRegisters,
  type MappedTag,
  mapRegisters,
  registerCount,
  type Table,
} from "./register-map.ts";
import type { BitTable, ServedUnit } from "./unit-bank.ts";

/** A device's own measuring cycle: between two of them it answers with the same values. */
const MEASURE_EVERY_MS = 100;

interface Block {
  readonly map: readonly MappedTag[];
  readonly registers: Uint16Array;
}

/** A unit of the fleet: measures when it is asked, and keeps the result in registers. */
export class ModbusUnit implements ServedUnit {
  readonly device: VirtualDevice;
  readonly #blocks: Readonly<Record<Table, Block>>;
  #measuredAtMs = Number.NEGATIVE_INFINITY;

  constructor(device: VirtualDevice) {
    this.device = device;
    this.#blocks = { holding: block("holding", device), input: block("input", device) };
  }

  get name(): string {
    return this.device.name;
  }

  read(table: Table, address: number, length: number, nowMs: number): number[] | undefined {
    const { registers } = this.#blocks[table];
    if (length < 1 || address + length > registers.length) return undefined;
    this.#measure(nowMs);
    return Array.from(registers.subarray(address, address + length));
  }

  /** Coil 1 and discrete input 1: the machine runs. It always does. */
  readBit(_table: BitTable, address: number): boolean | undefined {
    return address === 0 ? true : undefined;
  }

  readingsIn(table: Table, address: number, length: number): number {
    const end = address + length;
    return this.#blocks[table].map.filter(
      (tag) => tag.address >= address && tag.address + registerCount[tag.type] <= end,
    ).length;
  }

  #measure(nowMs: number): void {
    if (nowMs - this.#measuredAtMs < MEASURE_EVERY_MS && nowMs >= this.#measuredAtMs) return;
    this.#measuredAtMs = nowMs;
    const values = this.device.sample(nowMs);
    for (const { map, registers } of [this.#blocks.holding, this.#blocks.input]) {
      encodeRegisters(map, values, registers);
    }
  }
}

function block(table: Table, device: VirtualDevice): Block {
  const map = mapRegisters(table, device.tags);
  const last = map.at(-1);
  const length = last ? last.address + registerCount[last.type] : 0;
  return { map, registers: new Uint16Array(length) };
}
