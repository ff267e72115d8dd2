/** What `sim modbus` was asked to do. */
import { parseArgs } from "node:util";
import { Misuse } from "#config/command-line/command.ts";
import { numberIn, wholeIn } from "#config/command-line/number-option.ts";
import { misuseIn } from "#config/command-line/option-mistake.ts";
import { UNITS_MAX } from "../modbus/create-units.ts";
import { type RtuLineFault, rtuLineFaults } from "../modbus/rtu-line.ts";
import { parseUnitFault, type UnitFault, unitFaultKinds } from "../modbus/unit-fault.ts";

export const MODBUS_HELP = `Turns device templates round: virtual devices that answer as real ones would.

Usage: penstock-sim modbus --template NAME [--unit IDS] [--template NAME …] [options]

  --template NAME     a device template; may be repeated
  --unit IDS          unit ids of the template before, such as 1 or 1,4-6 (default: the next free one)
  --templates DIR     a folder of templates of your own
  --port P            Modbus TCP on this port (default: one that the system picks)
  --line              a serial line with Modbus RTU instead: prints the port to open
  --link PATH         the same, and PATH becomes a link to the port
  --baud N            answers take as long as they would on a line of this speed
  --fault UNIT=KIND[:N]
                      a unit misbehaves. Kinds: ${unitFaultKinds.slice(0, 6).join(", ")},
                      ${unitFaultKinds.slice(6).join(", ")}
  --line-fault KIND   the whole line misbehaves. Kinds: ${rtuLineFaults.join(", ")}
  --seed K            the same seed gives the same values (default 1)
  --seconds S         end after S seconds; otherwise on SIGTERM or SIGINT
  --json              print JSON: first where to connect, last what was answered
  --help              this text

While it runs, each line on standard input is a fault: UNIT=KIND, UNIT=ok, line=KIND or line=ok.

Examples:
  penstock-sim modbus --template eastron-sdm630 --port 1502
  penstock-sim modbus --template abb-b23-b24 --unit 1-3 --link /tmp/rs485 --baud 9600
`;

export interface UnitRequest {
  unitId: number;
  template: string;
}

/** A fault, or undefined to heal, of one unit or of the whole line. */
export type FaultRequest =
  | { of: "unit"; unitId: number; fault: UnitFault | undefined }
  | { of: "line"; fault: RtuLineFault | undefined };

export interface ModbusArguments {
  units: readonly UnitRequest[];
  templateFolder: string | undefined;
  wire: { kind: "tcp"; port: number } | { kind: "line"; link: string | undefined };
  baud: number | undefined;
  faults: readonly FaultRequest[];
  seed: number;
  seconds: number | undefined;
  isJson: boolean;
}

export type ParsedModbus =
  | { kind: "run"; request: ModbusArguments }
  | { kind: "help" }
  | { kind: "misuse"; message: string };

export function parseModbusArguments(args: readonly string[]): ParsedModbus {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        template: { type: "string", multiple: true, default: [] },
        unit: { type: "string", multiple: true, default: [] },
        templates: { type: "string" },
        port: { type: "string" },
        line: { type: "boolean", default: false },
        link: { type: "string" },
        baud: { type: "string" },
        fault: { type: "string", multiple: true, default: [] },
        "line-fault": { type: "string" },
        seed: { type: "string", default: "1" },
        seconds: { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) return { kind: "help" };
    const { template, unit, templates, link, fault, seed, seconds, json: isJson } = values;
    const isLine = values.line || link !== undefined;
    if (isLine && values.port !== undefined) throw new Misuse("give either --port or a line");
    const lineFault = values["line-fault"];
    const request: ModbusArguments = {
      units: unitRequests(template, unit),
      templateFolder: templates,
      wire: isLine ? { kind: "line", link } : { kind: "tcp", port: portOf(values.port) },
      baud: values.baud === undefined ? undefined : wholeIn("baud", values.baud, 50, 4_000_000),
      faults: [
        ...fault.map((text) => faultOf(text, isLine)),
        ...(lineFault === undefined ? [] : [faultOf(`line=${lineFault}`, isLine)]),
      ],
      seed: wholeIn("seed", seed, 0, 2 ** 32 - 1),
      seconds: seconds === undefined ? undefined : numberIn("seconds", seconds, 0.1, 2_000_000),
      isJson,
    };
    return { kind: "run", request };
  } catch (error) {
    const message = misuseIn(error);
    if (message === undefined) throw error;
    return { kind: "misuse", message };
  }
}

/** A fault as it is typed: `3=dead`, `3=ok`, `line=echo`. Undefined where it makes no sense. */
export function parseFaultRequest(text: string): FaultRequest | undefined {
  const [, of = "", kind = ""] = /^\s*(\w+)=(\S+)\s*$/.exec(text) ?? [];
  if (of === "line") {
    const fault = rtuLineFaults.find((known) => known === kind);
    return fault || kind === "ok" ? { of, fault } : undefined;
  }
  const unitId = Number(of);
  const fault = parseUnitFault(kind);
  if (!(unitId >= 1 && unitId <= UNITS_MAX) || !(fault || kind === "ok")) return undefined;
  return { of: "unit", unitId, fault };
}

function faultOf(text: string, isLine: boolean): FaultRequest {
  const request = parseFaultRequest(text);
  if (!request) throw new Misuse(`${text}: expected UNIT=KIND or UNIT=KIND:NUMBER; see --help`);
  if (request.of === "line" && !isLine) throw new Misuse("--line-fault needs --line");
  return request;
}

function unitRequests(templates: readonly string[], units: readonly string[]): UnitRequest[] {
  if (templates.length === 0) throw new Misuse("which device? Give --template NAME");
  if (units.length > templates.length) throw new Misuse("more --unit than --template");
  const taken = new Set<number>();
  return templates.flatMap((template, i) => {
    const ids = units[i] === undefined ? [nextFree(taken)] : unitIds(units[i]);
    for (const unitId of ids) {
      if (taken.has(unitId)) throw new Misuse(`unit ${unitId} is given twice`);
      taken.add(unitId);
    }
    return ids.map((unitId) => ({ unitId, template }));
  });
}

function nextFree(taken: ReadonlySet<number>): number {
  let unitId = 1;
  while (taken.has(unitId)) unitId += 1;
  return unitId;
}

/** `1,4-6` is 1, 4, 5 and 6. */
function unitIds(text: string): number[] {
  return text.split(",").flatMap((part) => {
    const [, first = "", last = first] = /^(\d+)(?:-(\d+))?$/.exec(part.trim()) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (!(from >= 1 && to >= from && to <= UNITS_MAX)) {
      throw new Misuse(`--unit ${text}: expected ids from 1 to ${UNITS_MAX}, such as 1,4-6`);
    }
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

function portOf(text: string | undefined): number {
  return text === undefined ? 0 : wholeIn("port", text, 0, 65_535);
}
