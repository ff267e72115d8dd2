/** The command line of `penstock-cloud hub`. */
import { parseArgs } from "node:util";
import { messageOf } from "#core/errors.ts";

export interface HubSettings {
  host: string;
  port: number;
  dataDir: string;
  hub: string;
  partitions: number;
  groups: string[];
  keysFile: string | undefined;
  json: boolean;
}

export type HubArguments =
  | { kind: "run"; settings: HubSettings }
  | { kind: "help" }
  | { kind: "misuse"; message: string };

const AMQP_PORT = "5672";
const PORT_MAX = 65_535;
/** The service's own limit for a dedicated cluster. */
const PARTITIONS_MAX = 1024;

export const HUB_HELP = `Usage: penstock-cloud hub [options]

Runs the embedded, durable, Event Hubs-compatible broker. Its first line on standard
output is the connection string that clients need; it contains the key.

  --port N         port to listen on, 0 lets the system choose (default ${AMQP_PORT})
  --host ADDRESS   address to listen on (default 127.0.0.1)
  --data DIR       where the events and the keys are kept (default ./hub-data)
  --hub NAME       name of the event hub (default telemetry)
  --partitions N   partitions of the event hub, fixed when it is made (default 32)
  --group NAME     a consumer group besides $Default; may be repeated (default penstock)
  --keys FILE      access policies as JSON, instead of one generated key
  --json           print {"connectionString","port","pid"} instead
  --help           print this
`;

/** Reads the arguments after `hub`. */
export function readHubArguments(args: readonly string[]): HubArguments {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    return { kind: "misuse", message: `${messageOf(error)} (--help lists the options)` };
  }
  if (values.help) return { kind: "help" };
  const port = wholeNumber(values.port, 0, PORT_MAX);
  const partitions = wholeNumber(values.partitions, 1, PARTITIONS_MAX);
  if (port === undefined) return misuse("--port", values.port, `0 to ${PORT_MAX}`);
  if (partitions === undefined) {
    return misuse("--partitions", values.partitions, `1 to ${PARTITIONS_MAX}`);
  }
  // The name becomes a folder's name and part of an address.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,255}$/.test(values.hub)) {
    return misuse("--hub", values.hub, "letters, digits, dots, dashes and underscores");
  }
  return {
    kind: "run",
    settings: {
      host: values.host,
      port,
      dataDir: values.data,
      hub: values.hub,
      partitions,
      groups: values.group,
      keysFile: values.keys,
      json: values.json,
    },
  };
}

function misuse(option: string, given: string, wanted: string): HubArguments {
  return { kind: "misuse", message: `${option} takes ${wanted}, not "${given}".` };
}

function wholeNumber(text: string, min: number, max: number): number | undefined {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      port: { type: "string", default: AMQP_PORT },
      host: { type: "string", default: "127.0.0.1" },
      data: { type: "string", default: "hub-data" },
      hub: { type: "string", default: "telemetry" },
      partitions: { type: "string", default: "32" },
      group: { type: "string", multiple: true, default: ["penstock"] },
      keys: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  }).values;
}
