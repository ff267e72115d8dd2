/** `init`: a first gateway's file. An existing file is never touched. */
import { existsSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { type CommandIo, declareCommand, Misuse } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { nearest } from "#config/faults/nearest.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { TemplateShelf } from "#config/loading/template-shelf.ts";
import { messageOf, systemCodeOf } from "#core/errors.ts";
import { listPorts } from "../machine/serial-ports.ts";
import { Questions } from "../questions.ts";
import { type Answered, askForAll } from "./init-questions.ts";
import { type InitBus, initYaml } from "./init-yaml.ts";

const SCHEMA = join(import.meta.dirname, "../../../config/schema/gateway.schema.json");

export const initCommand = declareCommand({
  name: "init",
  operands: "[FILE]",
  operandCount: [0, 1],
  summary: "writes a first gateway's file, with comments",
  description: `Asks on a terminal; with --no-input, or without one, the options and their defaults hold. A file
that is there already is never touched. FILE is gateway.yaml, unless given.`,
  options: {
    gateway: { type: "string", value: "NAME", means: "name of the gateway (default: this host's)" },
    template: { type: "string", multiple: true, value: "NAME", means: "a device; may be repeated" },
    port: { type: "string", value: "PORT", means: "the devices are on this serial line" },
    baud: { type: "string", value: "N", default: "9600", means: "of the line" },
    parity: { type: "string", value: "P", default: "none", means: "of the line: none, even, odd" },
    host: { type: "string", value: "HOST[:PORT]", means: "the devices are behind this address" },
    "no-input": { type: "boolean", default: false, means: "ask nothing" },
  },
  examples: [
    { line: "penstock init", does: "asks, and writes gateway.yaml" },
    {
      line: "penstock init --no-input --port /dev/ttyUSB0 --template eastron-sdm630",
      does: "for a script",
    },
  ],
  run: async ({ values, operands, io }) => {
    const file = operands[0] ?? "gateway.yaml";
    // Before anybody has answered questions for nothing.
    if (existsSync(file)) throw alreadyThere(file);
    const shelf = new TemplateShelf();
    const asks = io.stdin.isTTY === true && !values["no-input"];
    const answered = asks
      ? await ask(shelf.names(), io)
      : {
          gateway: values.gateway ?? hostName(),
          bus: busOf(values),
          templates: values.template ?? [],
        };
    if (!answered) {
      io.stderr.write("Nothing was written.\n");
      return EXIT.failed;
    }
    for (const name of answered.templates) checkTemplate(name, shelf.names());
    const text = textOf(answered);
    // What this command writes is right, or it is not written.
    loadGateway({ file, text });
    write(file, text);
    io.stderr.write(`Wrote ${file}. Next: penstock scan, and penstock check ${file}\n`);
    return EXIT.fine;
  },
});

async function ask(templates: readonly string[], io: CommandIo): Promise<Answered | undefined> {
  const questions = new Questions(io);
  const ports = listPorts().map(({ path }) => path);
  try {
    return await askForAll(questions, { gateway: hostName(), ports, templates });
  } finally {
    questions.close();
  }
}

/** A host's name, as far as it can be a gateway's. */
function hostName(): string {
  const plain = hostname()
    .replaceAll(/[^A-Za-z0-9._-]/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "");
  return plain.slice(0, 64) || "gateway";
}

interface BusValues {
  port?: string | undefined;
  host?: string | undefined;
  baud: string;
  parity: string;
}

function busOf({ port, host, baud, parity }: BusValues): InitBus | undefined {
  if (port !== undefined && host !== undefined)
    throw new Misuse("Give --port or --host, not both.");
  if (port !== undefined) return { kind: "line", port, baud: Number(baud), parity };
  if (host === undefined) return undefined;
  const [name = "", number = "502"] = host.split(":");
  return { kind: "host", host: name, port: Number(number) };
}

function checkTemplate(name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  const near = nearest(name, known);
  const hint = near === undefined ? `There are: ${known.join(", ")}.` : `Did you mean "${near}"?`;
  throw new Misuse(`There is no template "${name}". ${hint}`);
}

function textOf({ gateway, bus, templates }: Answered): string {
  if (templates.length > 0 && !bus) throw new Misuse("A --template needs --port or --host.");
  const devices = templates.map((template, i) => ({
    name: `device-${i + 1}`,
    unit: i + 1,
    template,
  }));
  return initYaml({ gateway, schemaPath: SCHEMA, bus, devices });
}

/** @throws Misuse where it cannot be written */
function write(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: "wx" });
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === undefined) throw error;
    throw code === "EEXIST" ? alreadyThere(file) : new Misuse(messageOf(error));
  }
}

function alreadyThere(file: string): Misuse {
  return new Misuse(`${file} is there already, and is not touched: give another name.`);
}
