/** What `scan` is asked to look at. Pure but for the look into the gateway's file. */
import { Misuse } from "#config/command-line/command.ts";
import { millisecondsIn } from "#config/command-line/duration-option.ts";
import { nearest } from "#config/faults/nearest.ts";
import type { ModbusBusSettings, ModbusSerialBusSettings } from "#config/gateway/modbus-bus.ts";
import { modbusSerialBus, modbusTcpBus } from "#config/gateway/modbus-bus.ts";
import type { GatewaySettings } from "#config/gateway.ts";
import { TemplateShelf } from "#config/loading/template-shelf.ts";
import { type LineSettings, USUAL_BAUDS, USUAL_PARITIES, unitsOf } from "./scan-plan.ts";

/** Modbus over Serial Line v1.02, section 2.2: units have the addresses 1 to 247. */
const UNIT_MAX = 247;
const TCP_UNIT_MAX = 255;
const TIMEOUT_MS = { min: 10, max: 10_000 };

export interface ScanRequest {
  /** As it is to be called in the file. */
  readonly name: string;
  readonly bus: ModbusBusSettings;
  /** More than one only where this command opens the port itself. */
  readonly lines: readonly (LineSettings | undefined)[];
  readonly units: readonly number[];
  readonly timeoutMs: number;
  /** Whether all settings are to be tried. */
  readonly isThorough: boolean;
  /** By which units are recognised. */
  readonly shelf: TemplateShelf;
  /** The name of a bus in the gateway's file. */
  readonly isConfigured: boolean;
}

export interface ScanValues {
  port?: string | undefined;
  host?: string | undefined;
  baud?: string | undefined;
  parity?: string | undefined;
  all: boolean;
  units: string;
  templates?: string | undefined;
  timeout: string;
}

/** @throws Misuse */
export function scanRequestOf(
  values: ScanValues,
  busName: string | undefined,
  settings: () => GatewaySettings,
): ScanRequest {
  const given = [values.port, values.host, busName].filter((way) => way !== undefined);
  if (given.length !== 1) throw new Misuse("Give one of: --port PORT, --host HOST, BUS.");
  const timeoutMs = millisecondsIn(values.timeout, "timeout", TIMEOUT_MS);
  const shelf = new TemplateShelf(values.templates);
  const common = { timeoutMs, shelf, isThorough: values.all, isConfigured: busName !== undefined };
  if (values.host !== undefined) {
    const units = unitsIn(values.units, TCP_UNIT_MAX);
    return { ...common, name: "modbus", bus: hostBus(values.host), lines: [undefined], units };
  }
  const units = unitsIn(values.units, UNIT_MAX);
  if (values.port !== undefined) {
    const bus = lineBus(values.port);
    return { ...common, name: "rs485", bus, lines: linesOf(values), units };
  }
  const name = busName ?? "";
  const bus = configuredBus(name, settings());
  const lines = "host" in bus ? [undefined] : [{ baud: bus.baud, parity: bus.parity }];
  return { ...common, name, bus, lines, units };
}

function unitsIn(text: string, max: number): number[] {
  const units = unitsOf(text, max);
  if (units) return units;
  throw new Misuse(`--units ${text}: expected such as 1-${max} or 1,2,17`);
}

function hostBus(text: string): ModbusBusSettings {
  const [, host, port = "502"] = /^([^\s:]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const bus = modbusTcpBus.safeParse({ modbus: "tcp", host, port: Number(port) });
  if (bus.success) return bus.data;
  throw new Misuse(`--host ${text}: expected HOST or HOST:PORT, such as 192.168.10.20`);
}

function lineBus(port: string): ModbusBusSettings {
  const bus = modbusSerialBus.safeParse({ modbus: "rtu", port });
  if (bus.success) return bus.data;
  throw new Misuse(`--port ${port}: ${bus.error.issues[0]?.message ?? "not a port"}`);
}

function linesOf({ baud, parity }: ScanValues): LineSettings[] {
  const bauds = baud === undefined ? USUAL_BAUDS : baud.split(",").map(Number);
  const parities = (parity === undefined ? USUAL_PARITIES : parity.split(",")).map((text) => {
    const known = USUAL_PARITIES.find((candidate) => candidate === text);
    if (known) return known;
    throw new Misuse(`--parity ${text}: expected ${USUAL_PARITIES.join(", ")}`);
  });
  const wrong = bauds.find((value) => !(Number.isInteger(value) && value >= 50));
  if (wrong !== undefined) throw new Misuse(`--baud ${baud}: expected such as 9600,19200`);
  return bauds.flatMap((rate) => parities.map((each) => ({ baud: rate, parity: each })));
}

function configuredBus(name: string, { buses }: GatewaySettings): ModbusBusSettings {
  const bus = Object.hasOwn(buses, name) ? buses[name] : undefined;
  if (bus && "modbus" in bus) return bus;
  const known = Object.keys(buses);
  const near = nearest(name, known);
  const hint =
    near === undefined
      ? ` The file has: ${known.join(", ") || "none"}.`
      : ` Did you mean "${near}"?`;
  throw new Misuse(`There is no Modbus bus "${name}".${hint}`);
}

/** The bus at these settings of the line. */
export function busAt(bus: ModbusBusSettings, line: LineSettings | undefined): ModbusBusSettings {
  return line && !("host" in bus) ? ({ ...bus, ...line } satisfies ModbusSerialBusSettings) : bus;
}
