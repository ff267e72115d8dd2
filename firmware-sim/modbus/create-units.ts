import type { Random } from "#core/random.ts";
import type { FaultLabels } from "../faults/fault-injector.ts";
import { VirtualDevice } from "../fleet/virtual-device.ts";
import { type DeviceKind, deviceKinds } from "../signals/device-model.ts";
import { shuffledOrder } from "../signals/distinct-digits.ts";
import { ModbusUnit } from "./unit.ts";

/** Modbus over Serial Line v1.02, section 2.2: addresses 1 to 247 belong to units. */
export const UNITS_MAX = 247;

export interface UnitSettings {
  units: number;
  faultsPerHour: number;
  warmUpMs: number;
  /** In ms since 1970. */
  startMs: number;
}

export function unitKind(unitId: number): DeviceKind {
  return deviceKinds[(unitId - 1) % deviceKinds.length] ?? "motor";
}

/** The device behind a unit id, such as `plc-motor-001`. */
export function unitName(unitId: number): string {
  return `plc-${unitKind(unitId)}-${String(unitId).padStart(3, "0")}`;
}

/** Units 1 to `units`, by unit id. */
export function createUnits(
  settings: UnitSettings,
  labels: FaultLabels,
  random: Random,
): Map<number, ModbusUnit> {
  const { units, ...rest } = settings;
  const order = shuffledOrder(2, random.fork("unit digits"));
  const byId = new Map<number, ModbusUnit>();
  for (let unitId = 1; unitId <= units; unitId++) {
    const identity = { name: unitName(unitId), kind: unitKind(unitId) };
    const device = new VirtualDevice({ ...identity, ...rest }, order, labels, random);
    byId.set(unitId, new ModbusUnit(device));
  }
  return byId;
}
