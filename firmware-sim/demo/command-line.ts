import { parseArgs } from "node:util";
import { Misuse } from "#config/command-line/command.ts";
import { numberIn, wholeIn } from "#config/command-line/number-option.ts";
import { misuseIn } from "#config/command-line/option-mistake.ts";
import { UNITS_MAX } from "../modbus/create-units.ts";
import { TAGS_PER_DEVICE } from "../signals/device-model.ts";
import { RATE_HZ_MAX } from "../simulator.ts";

const UNITS_DEFAULT = 8;
/** With fewer sensors, all of them publish. */
const MIXED_SENSORS_MIN = 200;

export const HELP = `Usage: npm start -- [options]

Runs the whole system on this machine: embedded hub, sink, agent, and a simulated plant
whose every reading is accounted for. Prints the addresses of the two pages and a progress
line; at the end compares, per sensor and minute, what was acknowledged with what was
rolled up.

  --sensors N      simulated sensors, ten a device (default 1000)
  --rate HZ        messages a device and second (default 1, at most ${RATE_HZ_MAX})
  --units N        of these, Modbus TCP units of ten sensors, polled once a second; where
                   there are any, a scale on a serial line comes on top (default 8, or
                   0 with fewer than 200 sensors)
  --connections M  MQTT connections the devices share (default 20)
  --seconds S      produce for S seconds; otherwise until ^C (twice: at once)
  --faults N       planted faults a device and hour (default 30; 0 for none)
  --seed K         the same seed gives the same plant and the same kills (default 1)
  --chaos          kill -9 agent, hub and sink, once each; they are started again
  --data DIR       keep all data in DIR, which must be new or empty (default: a folder
                   for this run alone, removed when all went well)
  --hub-port P, --sink-port P, --agent-port P, --mqtt-port P
                   fixed ports (default: free ones)
  --json           end with one line of JSON on standard output
  --help           this text

Exit codes: 0 nothing lost, nothing doubled; 1 otherwise, or a program failed; 2 misuse.
`;

export interface FixedPorts {
  hub?: number | undefined;
  sink?: number | undefined;
  agent?: number | undefined;
  mqtt?: number | undefined;
}

export interface DemoOptions {
  sensors: number;
  rateHz: number;
  connections: number;
  /** Modbus units. */
  units: number;
  /** undefined: until a signal comes. */
  seconds: number | undefined;
  /** Planted faults a device and hour. */
  faultsPerHour: number;
  seed: number;
  isChaotic: boolean;
  dataDir: string | undefined;
  ports: FixedPorts;
  isJson: boolean;
}

export type ParsedCommandLine =
  | { kind: "run"; options: DemoOptions }
  | { kind: "help" }
  | { kind: "misuse"; message: string };

export function parseCommandLine(args: readonly string[]): ParsedCommandLine {
  try {
    const values = readOptions(args);
    return values.help ? { kind: "help" } : { kind: "run", options: toDemoOptions(values) };
  } catch (error) {
    const message = misuseIn(error);
    if (message === undefined) throw error;
    return { kind: "misuse", message };
  }
}

type Values = ReturnType<typeof readOptions>;

function readOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sensors: { type: "string", default: "1000" },
      rate: { type: "string", default: "1" },
      units: { type: "string" },
      connections: { type: "string", default: "20" },
      seconds: { type: "string" },
      faults: { type: "string", default: "30" },
      seed: { type: "string", default: "1" },
      chaos: { type: "boolean", default: false },
      data: { type: "string" },
      "hub-port": { type: "string" },
      "sink-port": { type: "string" },
      "agent-port": { type: "string" },
      "mqtt-port": { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  return values;
}

function toDemoOptions(values: Values): DemoOptions {
  const seconds =
    values.seconds === undefined ? undefined : numberIn("seconds", values.seconds, 1, 1e7);
  if (values.data === "") throw new Misuse("--data: expected a folder");
  const sensors = wholeIn("sensors", values.sensors, 1, 1_000_000);
  const unitsMax = Math.min(UNITS_MAX, Math.floor(sensors / TAGS_PER_DEVICE));
  const unitsDefault = sensors < MIXED_SENSORS_MIN ? 0 : UNITS_DEFAULT;
  return {
    sensors,
    units: values.units === undefined ? unitsDefault : wholeIn("units", values.units, 0, unitsMax),
    rateHz: numberIn("rate", values.rate, 0.001, RATE_HZ_MAX),
    connections: wholeIn("connections", values.connections, 1, 1000),
    seconds,
    faultsPerHour: numberIn("faults", values.faults, 0, 100_000),
    seed: wholeIn("seed", values.seed, 0, 2 ** 32 - 1),
    isChaotic: values.chaos,
    dataDir: values.data,
    ports: {
      hub: port("hub-port", values["hub-port"]),
      sink: port("sink-port", values["sink-port"]),
      agent: port("agent-port", values["agent-port"]),
      mqtt: port("mqtt-port", values["mqtt-port"]),
    },
    isJson: values.json,
  };
}

function port(name: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : wholeIn(name, text, 1, 65_535);
}
