/** The command line of `penstock-cloud hub`. */
import { parseArgs } from "node:util";
import { messageOf } from "#core/errors.ts";
import { parseDurationMs, parseSizeBytes } from "./duration.ts";
import { FAULT_HELP } from "./fault-request.ts";

export interface HubSettings {
  host: string;
  port: number;
  dataDir: string;
  hub: string;
  partitions: number;
  groups: string[];
  keysFile: string | undefined;
  /** Folder with `cert.pem` and `key.pem`. */
  tlsDir: string | undefined;
  retentionMs: number;
  retentionBytes: number;
  /** Where Prometheus may ask, as host and port. */
  metrics: { host: string; port: number } | undefined;
  json: boolean;
}

export type HubArguments =
  | { kind: "run"; settings: HubSettings }
  | { kind: "stat"; dataDir: string; json: boolean }
  | { kind: "fault"; dataDir: string; name: string; values: Record<string, string> }
  | { kind: "help" }
  | { kind: "misuse"; message: string };

const AMQP_PORT = "5672";
const PORT_MAX = 65_535;
/** The service's own limit for a dedicated cluster. */
const PARTITIONS_MAX = 1024;

export const HUB_HELP = `Usage: penstock-cloud hub [options]
       penstock-cloud hub stat [--data DIR] [--json]
       penstock-cloud hub fault NAME [--data DIR] [options of the fault]

Runs the embedded, durable, Event Hubs-compatible broker. Its first line on standard
output is the connection string that clients need; it contains the key.

  --port N               port to listen on, 0 lets the system choose (default ${AMQP_PORT})
  --host ADDRESS         address to listen on (default 127.0.0.1)
  --data DIR             where the events and the keys are kept (default ./hub-data)
  --hub NAME             name of the event hub (default telemetry)
  --partitions N         partitions of the event hub, fixed when it is made (default 32)
  --group NAME           a consumer group besides $Default; may be repeated (default penstock)
  --keys FILE            access policies as JSON, instead of one generated key
  --tls DIR              speak TLS with DIR/cert.pem and DIR/key.pem
  --retention TIME       delete events older than this (default 7d)
  --retention-bytes SIZE delete the oldest events above this size (default: no limit)
  --metrics HOST:PORT    answer Prometheus at /metrics there
  --json                 print {"connectionString","port","pid"} instead
  --help                 print this

"stat" shows partitions, offsets, bytes, connections and consumer lag of the hub that runs on
the data folder; "fault" lets something go wrong in it on purpose.

${FAULT_HELP}`;

/** Reads the arguments after `hub`. */
export function readHubArguments(args: readonly string[]): HubArguments {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    return { kind: "misuse", message: `${messageOf(error)} (--help lists the options)` };
  }
  const { values, positionals } = parsed;
  const [command, fault] = positionals;
  if (values.help) return { kind: "help" };
  if (command === "stat") return { kind: "stat", dataDir: values.data, json: values.json };
  if (command === "fault" && fault !== undefined) {
    return { kind: "fault", dataDir: values.data, name: fault, values: faultValues(values) };
  }
  if (command !== undefined) return { kind: "misuse", message: `There is no "hub ${command}".` };
  return readSettings(values);
}

type Values = ReturnType<typeof parse>["values"];

function faultValues(values: Values): Record<string, string> {
  const given: Record<string, string> = {};
  if (values.for !== undefined) given["for"] = values.for;
  if (values.delay !== undefined) given["delay"] = values.delay;
  if (values.count !== undefined) given["count"] = values.count;
  if (values.partition !== undefined) given["partition"] = values.partition;
  return given;
}

function readSettings(values: Values): HubArguments {
  const port = wholeNumber(values.port, 0, PORT_MAX);
  if (port === undefined) return misuse("--port", values.port, `0 to ${PORT_MAX}`);
  const partitions = wholeNumber(values.partitions, 1, PARTITIONS_MAX);
  if (partitions === undefined) {
    return misuse("--partitions", values.partitions, `1 to ${PARTITIONS_MAX}`);
  }
  // The name becomes a folder's name and part of an address.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,255}$/.test(values.hub)) {
    return misuse("--hub", values.hub, "letters, digits, dots, dashes and underscores");
  }
  const retentionMs = parseDurationMs(values.retention);
  if (!retentionMs) return misuse("--retention", values.retention, "a time such as 12h or 7d");
  const bytes = values["retention-bytes"];
  const retentionBytes = bytes === undefined ? Infinity : parseSizeBytes(bytes);
  if (!retentionBytes) return misuse("--retention-bytes", bytes ?? "", "a size such as 20GiB");
  const metrics = hostAndPort(values.metrics);
  if (values.metrics !== undefined && !metrics) {
    return misuse("--metrics", values.metrics, "an address and a port, such as 127.0.0.1:9101");
  }
  const { host, data, hub, group, keys, tls, json } = values;
  const settings: HubSettings = {
    host,
    port,
    dataDir: data,
    hub,
    partitions,
    groups: group,
    keysFile: keys,
    tlsDir: tls,
    retentionMs,
    retentionBytes,
    metrics,
    json,
  };
  return { kind: "run", settings };
}

function misuse(option: string, given: string, wanted: string): HubArguments {
  return { kind: "misuse", message: `${option} takes ${wanted}, not "${given}".` };
}

function wholeNumber(text: string, min: number, max: number): number | undefined {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

function hostAndPort(text: string | undefined): { host: string; port: number } | undefined {
  const [, host, portText = ""] = /^(.+):(\d{1,5})$/.exec(text ?? "") ?? [];
  const port = wholeNumber(portText, 0, PORT_MAX);
  return host === undefined || port === undefined ? undefined : { host, port };
}

// oxlint-disable-next-line typescript/explicit-function-return-type -- parseArgs derives it.
function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      port: { type: "string", default: AMQP_PORT },
      host: { type: "string", default: "127.0.0.1" },
      data: { type: "string", default: "hub-data" },
      hub: { type: "string", default: "telemetry" },
      partitions: { type: "string", default: "32" },
      group: { type: "string", multiple: true, default: ["penstock"] },
      keys: { type: "string" },
      tls: { type: "string" },
      retention: { type: "string", default: "7d" },
      "retention-bytes": { type: "string" },
      metrics: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      for: { type: "string" },
      delay: { type: "string" },
      count: { type: "string" },
      partition: { type: "string" },
    },
  });
}
