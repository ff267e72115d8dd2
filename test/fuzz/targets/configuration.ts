/** Configuration files of the gateway, the sink, and device templates. */
import { readFileSync } from "node:fs";
import { checkTemplate } from "#config/checks/template-checks.ts";
import { ConfigError, renderFaults } from "#config/faults/faults.ts";
import { templateSchema } from "#config/gateway/device-template.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { loadFile } from "#config/loading/load-file.ts";
import { loadSink } from "#config/loading/load-sink.ts";
import { bytes, type FuzzTarget, holds } from "../target.ts";

const example = (path: string): Buffer =>
  readFileSync(new URL(`../../../config/${path}`, import.meta.url));

const SECRETS = { environment: { PENSTOCK_SECRET_EVENT_HUBS: "k" } };

const WORDS = bytes(
  ": ",
  "\n",
  "\t",
  "- ",
  "{",
  "}",
  "[",
  "&a ",
  "*a",
  "!secret ",
  "\u0000",
  "\ufeff",
  "__proto__",
  "<<: ",
  "? ",
  "|",
  "template: ",
);

/** Faults point into the file, or the file is good; nothing else comes of it. */
function loads(input: Uint8Array, load: (file: { file: string; text: string }) => unknown): void {
  const text = Buffer.from(input).toString("utf8");
  try {
    load({ file: "f.yaml", text });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    holds(error.faults.length > 0, "a refused file has faults");
    const lines = text.split(/\r\n|\n|\r/).length;
    for (const { file, line, message } of error.faults) {
      holds(file !== "f.yaml" || (line >= 1 && line <= lines), `line ${line} is in the file`);
      holds(!/undefined|\[object/.test(message), `the message says what: ${message}`);
    }
    renderFaults(error.faults, "text");
  }
}

export const gateway: FuzzTarget = {
  name: "config-gateway",
  describe: "the gateway's YAML file, templates included",
  seeds: [
    example("examples/gateway.yaml"),
    Buffer.from(`version: 1
gateway: g
uplink: { eventHubs: { namespace: a.b, hub: t, key: k } }
buses: { a: { modbus: tcp, host: h }, s: { serial: /dev/x, match: "(?<v>.)", ask: [{ send: P, expect: k }] } }
devices:
  m: { bus: a, template: janitza-b23, leaveOut: [frequency], addressBase: 0, tags: { power_total: { limits: { h: 5 } } } }
`),
  ],
  dictionary: WORDS,
  feed: (input) => loads(input, (file) => loadGateway(file, SECRETS)),
};

export const sink: FuzzTarget = {
  name: "config-sink",
  describe: "the sink's YAML file",
  seeds: [example("examples/sink.yaml")],
  dictionary: WORDS,
  feed: (input) => loads(input, (file) => loadSink(file, SECRETS)),
};

export const template: FuzzTarget = {
  name: "config-template",
  describe: "device templates",
  seeds: [
    example("templates/abb-b23-b24.yaml"),
    example("templates/sunspec-inverter-three-phase.yaml"),
  ],
  dictionary: WORDS,
  feed: (input) =>
    loads(input, (file) =>
      loadFile(file, SECRETS, { schema: templateSchema, check: checkTemplate }),
    ),
};
