/**
 * The part of a gateway's configuration that matches a running simulator: as a technician would
 * write it, in the shape of `config/gateway.ts`, durations with their units.
 */
import { createRandom } from "#core/random.ts";
import { unitKind, unitName } from "./modbus/create-units.ts";
import { type MappedTag, mapRegisters } from "./modbus/register-map.ts";
import { SCALE_DEVICE } from "./serial/serial-line.ts";
import { createModel } from "./signals/create-model.ts";
import type { TagSpec } from "./signals/device-model.ts";

export interface FragmentSettings {
  /** Default 127.0.0.1. */
  host?: string;
  modbusPort?: number | undefined;
  /** Unit ids 1 to this. Default 0. */
  units?: number;
  /** Units that share a connection, polled one after the other. Default 16. */
  unitsPerBus?: number;
  /** How often a unit is polled. Default `1s`. */
  every?: string;
  serialPath?: string | undefined;
}

interface LimitsFragment {
  hh: number;
  h: number;
  l: number;
  ll: number;
  deadband: number;
}

export interface TagFragment {
  register?: number;
  type?: MappedTag["type"];
  order?: MappedTag["order"];
  scale?: number;
  unit?: string;
  limits?: LimitsFragment;
}

export interface DeviceFragment {
  bus: string;
  unit?: number;
  every?: string;
  line: string;
  tags: Record<string, TagFragment>;
}

export type BusFragment =
  | { modbus: "tcp"; host: string; port: number }
  | { serial: string; baud: number; frame: { delimiter: string }; match: string };

export interface GatewayFragment {
  buses: Record<string, BusFragment>;
  devices: Record<string, DeviceFragment>;
}

/** So many of a device's gauges get limits; planted faults cross them, ordinary days do not. */
const LIMITED_GAUGES = 5;

export function gatewayFragment(settings: FragmentSettings): GatewayFragment {
  const { host = "127.0.0.1", modbusPort, units = 0, unitsPerBus = 16 } = settings;
  const { every = "1s", serialPath } = settings;
  const fragment: GatewayFragment = { buses: {}, devices: {} };
  if (modbusPort !== undefined) {
    for (let unitId = 1; unitId <= units; unitId++) {
      const bus = `plc-${Math.ceil(unitId / unitsPerBus)}`;
      fragment.buses[bus] = { modbus: "tcp", host, port: modbusPort };
      fragment.devices[unitName(unitId)] = unitFragment(bus, unitId, every);
    }
  }
  if (serialPath !== undefined) {
    fragment.buses["scale"] = {
      serial: serialPath,
      baud: 9600,
      frame: { delimiter: "\r\n" },
      match: "^(?<weight>[-+][.0-9]+) kg$",
    };
    fragment.devices[SCALE_DEVICE] = {
      bus: "scale",
      line: "shipping",
      tags: { weight: { unit: "kg" } },
    };
  }
  return fragment;
}

function unitFragment(bus: string, unit: number, every: string): DeviceFragment {
  const kind = unitKind(unit);
  // The seed does not matter: all devices of a kind have the same tags.
  const { tags } = createModel(kind, createRandom(0));
  const entries = mapRegisters("holding", tags).map((mapped): [string, TagFragment] => [
    mapped.tag.name,
    tagFragment(mapped),
  ]);
  return { bus, unit, every, line: kind, tags: Object.fromEntries(entries) };
}

function tagFragment(mapped: MappedTag): TagFragment {
  const { tag, index, address, type, order, scale } = mapped;
  return {
    // Register 40001 is address 0 (Modicon's numbering of holding registers).
    register: 40_001 + address,
    type,
    ...(order === "ABCD" ? {} : { order }),
    ...(scale === 1 ? {} : { scale }),
    ...(tag.unit === "" ? {} : { unit: tag.unit }),
    ...(tag.kind === "gauge" && index < LIMITED_GAUGES ? { limits: limitsOf(tag) } : {}),
  };
}

function limitsOf(tag: TagSpec): LimitsFragment {
  const span = tag.high - tag.low;
  const rounded = (value: number): number => Number(value.toFixed(tag.digits));
  return {
    hh: rounded(tag.high + 0.5 * span),
    h: rounded(tag.high + 0.1 * span),
    l: rounded(tag.low - 0.1 * span),
    ll: rounded(tag.low - 0.5 * span),
    deadband: rounded(0.05 * span),
  };
}
