/** The units behind one wire: what each of them answers to a read, and how it misbehaves. */
import type { Clock } from "#core/clock.ts";
import type { LedgerWriter } from "../ledger/contract.ts";
import type { UnitFault } from "./unit-fault.ts";

export type RegisterTable = "holding" | "input";
export type BitTable = "coil" | "discrete";

/** A device behind a unit id. Addresses count from 0, as in the request. */
export interface ServedUnit {
  readonly name: string;
  /** The registers from `address` on, or undefined where one of them does not exist. */
  read(table: RegisterTable, address: number, length: number, nowMs: number): number[] | undefined;
  /** Undefined where it does not exist. */
  readBit(table: BitTable, address: number, nowMs: number): boolean | undefined;
  /** Tags that lie entirely within the registers read. */
  readingsIn(table: RegisterTable, address: number, length: number): number;
}

export type ReadReply<T> = { kind: "values"; values: readonly T[] } | Refusal;

export type Refusal =
  | { kind: "exception"; code: number }
  /** No such unit: a line stays silent, a gateway says so. */
  | { kind: "nobody" };

export interface BankStats {
  units: number;
  /** Reads answered with values; of units that never answer, none. */
  reads: number;
  readings: number;
  exceptions: number;
}

/** Modbus Application Protocol v1.1b3, section 7. */
const ILLEGAL_FUNCTION = 1;
const ILLEGAL_DATA_ADDRESS = 2;

export class UnitBank {
  readonly #units: ReadonlyMap<number, ServedUnit>;
  readonly #ledger: LedgerWriter;
  readonly #clock: Clock;
  readonly #faults = new Map<number, UnitFault>();
  readonly #stats = { reads: 0, readings: 0, exceptions: 0 };

  /** @param units by unit id */
  constructor(units: ReadonlyMap<number, ServedUnit>, ledger: LedgerWriter, clock: Clock) {
    this.#units = units;
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** Makes a unit misbehave from now on; undefined heals it. */
  setFault(unitId: number, fault: UnitFault | undefined): void {
    if (fault) this.#faults.set(unitId, fault);
    else this.#faults.delete(unitId);
  }

  faultOf(unitId: number): UnitFault | undefined {
    return this.#faults.get(unitId);
  }

  stats(): BankStats {
    return { units: this.#units.size, ...this.#stats };
  }

  readRegisters(
    unitId: number,
    table: RegisterTable,
    address: number,
    length: number,
  ): ReadReply<number> {
    const unit = this.#units.get(unitId);
    if (!unit) return { kind: "nobody" };
    const fault = this.#faults.get(unitId);
    if (fault?.kind === "exception") return this.#exception(fault.code);
    const registers = unit.read(table, address, length, this.#clock.now());
    if (!registers) return this.#exception(ILLEGAL_DATA_ADDRESS);
    if (fault?.kind !== "dead" && fault?.kind !== "half-open") {
      this.#count(unit, unit.readingsIn(table, address, length));
    }
    return {
      kind: "values",
      values: fault?.kind === "word-order" ? swapWords(registers) : registers,
    };
  }

  readBits(unitId: number, table: BitTable, address: number, length: number): ReadReply<boolean> {
    const unit = this.#units.get(unitId);
    if (!unit) return { kind: "nobody" };
    const fault = this.#faults.get(unitId);
    if (fault?.kind === "exception") return this.#exception(fault.code);
    const nowMs = this.#clock.now();
    const values: boolean[] = [];
    for (let i = 0; i < length; i++) {
      const bit = unit.readBit(table, address + i, nowMs);
      if (bit === undefined) return this.#exception(ILLEGAL_DATA_ADDRESS);
      values.push(bit);
    }
    return { kind: "values", values };
  }

  /** What the units measure is not to be written: a master is told so, as by a device of that kind. */
  refuseWrite(unitId: number): Refusal {
    if (!this.#units.has(unitId)) return { kind: "nobody" };
    const fault = this.#faults.get(unitId);
    return this.#exception(fault?.kind === "exception" ? fault.code : ILLEGAL_FUNCTION);
  }

  #count(unit: ServedUnit, readings: number): void {
    this.#stats.reads += 1;
    this.#stats.readings += readings;
    this.#ledger.served(unit.name, readings);
  }

  #exception(code: number): { kind: "exception"; code: number } {
    this.#stats.exceptions += 1;
    return { kind: "exception", code };
  }
}

function swapWords(registers: readonly number[]): number[] {
  const swapped = [...registers];
  for (let i = 0; i + 1 < swapped.length; i += 2) {
    swapped[i] = registers[i + 1] ?? 0;
    swapped[i + 1] = registers[i] ?? 0;
  }
  return swapped;
}
