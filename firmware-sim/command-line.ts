import { parseArgs } from "node:util";
import { Misuse } from "#config/command-line/command.ts";
import { numberIn, wholeIn } from "#config/command-line/number-option.ts";
import { misuseIn } from "#config/command-line/option-mistake.ts";
import { UNITS_MAX } from "./modbus/create-units.ts";
import { parseUnitFault, type UnitFault, unitFaultKinds } from "./modbus/unit-fault.ts";
import { type LineFaultKind, lineFaultKinds, parseLineFault } from "./serial/line-fault.ts";
import { RATE_HZ_MAX, type SimulatorSettings } from "./simulator.ts";

export const HELP = `Usage: penstock-sim [options]
       penstock-sim modbus …   virtual devices of templates; see modbus --help

Simulates a plant: motors, pumps, ovens and energy meters, ten sensors each.

  --mqtt HOST:PORT    publish to this broker, topic plant/{device}, QoS 1
  --sensors N         publishing sensors, ten a device (default 100)
  --rate HZ           messages a device and second (default 1, at most ${RATE_HZ_MAX})
  --connections M     MQTT connections the devices share (default 10)
  --window N          unacknowledged messages a connection keeps before its devices
                      hold back (default 2000, less beyond 50 connections)
  --modbus-units U    serve Modbus TCP units 1 to U (at most ${UNITS_MAX})
  --modbus-port P     on this port (default 0: the system picks)
  --modbus-fault UNIT=KIND[:N]
                      a unit misbehaves; may be repeated. Kinds:
                      ${unitFaultKinds.slice(0, 6).join(", ")},
                      ${unitFaultKinds.slice(6).join(", ")}
  --serial            a scale on a pseudo terminal, one line a second
  --serial-fault KIND the scale's line misbehaves. Kinds: ${lineFaultKinds.join(", ")}
  --faults N          planted faults a device and hour (default 6; 0 for none)
  --seed K            the same seed gives the same plant (default 1)
  --seconds S         end after S seconds; otherwise on SIGTERM or SIGINT
  --drain S           at the end, wait so long for acknowledgements (default 10)
  --json              print JSON: first what the simulator listens on, last what it did
  --help              this text

Examples:
  penstock-sim --mqtt 127.0.0.1:1883 --sensors 10000 --seconds 60
  penstock-sim --modbus-units 30 --modbus-port 1502 --modbus-fault 3=dead --serial

Exit codes: 0 all that was sent is acknowledged, 1 it is not, 2 misuse.
`;

export interface CommandLine {
  settings: SimulatorSettings;
  /** By unit id. */
  unitFaults: ReadonlyMap<number, UnitFault>;
  lineFault: LineFaultKind | undefined;
  /** undefined: until a signal comes. */
  seconds: number | undefined;
  /** How long to wait for acknowledgements at the end. */
  drainSeconds: number;
  isJson: boolean;
}

export type ParsedCommandLine =
  | { kind: "run"; line: CommandLine }
  | { kind: "help" }
  | { kind: "misuse"; message: string };

export function parseCommandLine(args: readonly string[]): ParsedCommandLine {
  try {
    const options = readOptions(args);
    if (options.help) return { kind: "help" };
    return { kind: "run", line: toCommandLine(options) };
  } catch (error) {
    const message = misuseIn(error);
    if (message === undefined) throw error;
    return { kind: "misuse", message };
  }
}

type Options = ReturnType<typeof readOptions>;

function readOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      mqtt: { type: "string" },
      sensors: { type: "string", default: "100" },
      rate: { type: "string", default: "1" },
      connections: { type: "string", default: "10" },
      window: { type: "string" },
      "modbus-units": { type: "string" },
      "modbus-port": { type: "string", default: "0" },
      "modbus-fault": { type: "string", multiple: true, default: [] },
      serial: { type: "boolean", default: false },
      "serial-fault": { type: "string" },
      faults: { type: "string", default: "6" },
      seed: { type: "string", default: "1" },
      seconds: { type: "string" },
      drain: { type: "string", default: "10" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  return values;
}

function toCommandLine(options: Options): CommandLine {
  const settings: SimulatorSettings = {
    seed: wholeIn("seed", options.seed, 0, 2 ** 32 - 1),
    faultsPerHour: numberIn("faults", options.faults, 0, 100_000),
  };
  if (options.mqtt !== undefined) {
    settings.mqtt = {
      ...hostAndPort(options.mqtt),
      sensors: wholeIn("sensors", options.sensors, 1, 1_000_000),
      rateHz: numberIn("rate", options.rate, 0.001, RATE_HZ_MAX),
      connections: wholeIn("connections", options.connections, 1, 5000),
    };
    if (options.window !== undefined) {
      settings.mqtt.windowMessages = wholeIn("window", options.window, 1, 65_000);
    }
  }
  if (options["modbus-units"] !== undefined) {
    settings.modbus = {
      units: wholeIn("modbus-units", options["modbus-units"], 1, UNITS_MAX),
      port: wholeIn("modbus-port", options["modbus-port"], 0, 65_535),
    };
  }
  if (options.serial) settings.serial = true;
  if (!settings.mqtt && !settings.modbus && !settings.serial) {
    throw new Misuse("nothing to simulate: give --mqtt, --modbus-units or --serial");
  }
  const unitFaults = new Map(options["modbus-fault"].map(unitAndFault));
  const seconds =
    options.seconds === undefined
      ? undefined
      : numberIn("seconds", options.seconds, 0.1, 2_000_000);
  const drainSeconds = numberIn("drain", options.drain, 0, 3600);
  const lineFault = lineFaultOf(options["serial-fault"]);
  return { settings, unitFaults, lineFault, seconds, drainSeconds, isJson: options.json };
}

function hostAndPort(text: string): { host: string; port: number } {
  const match = /^(.+):(\d+)$/.exec(text);
  const port = Number(match?.[2]);
  if (!match?.[1] || !(port >= 1 && port <= 65_535)) {
    throw new Misuse(`--mqtt ${text}: expected HOST:PORT, such as 127.0.0.1:1883`);
  }
  return { host: match[1], port };
}

function unitAndFault(text: string): [unitId: number, fault: UnitFault] {
  const match = /^(\d+)=(.+)$/.exec(text);
  const fault = parseUnitFault(match?.[2] ?? "");
  if (!fault) {
    throw new Misuse(
      `--modbus-fault ${text}: expected UNIT=KIND or UNIT=KIND:NUMBER, such as 3=delay:1500; ` +
        `kinds: ${unitFaultKinds.join(", ")}`,
    );
  }
  return [wholeIn("modbus-fault", match?.[1] ?? "", 1, UNITS_MAX), fault];
}

function lineFaultOf(text: string | undefined): LineFaultKind | undefined {
  if (text === undefined) return undefined;
  const fault = parseLineFault(text);
  if (!fault) throw new Misuse(`--serial-fault ${text}: kinds: ${lineFaultKinds.join(", ")}`);
  return fault;
}
