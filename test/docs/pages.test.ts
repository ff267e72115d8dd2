/**
 * What the pages show is true: every YAML block loads, every command in a technician's page is one
 * and runs, every console block gives what stands below it. Commands are run against a simulated
 * meter.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { COMMANDS } from "#agent/command-table.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { loadSink } from "#config/loading/load-sink.ts";
import { TemplateShelf } from "#config/loading/template-shelf.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { Console, fits, stepsOf } from "./console.ts";
import { kindOf, wholeFile, type YamlBlock, yamlBlocks } from "./yaml-blocks.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const root = join(import.meta.dirname, "../..");
const pages = [
  "README.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

function textOf(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

/** Any secret has a value, in the form that is wanted of it. */
const SECRETS = {
  environment: new Proxy<Record<string, string>>({}, { get: (_, name) => secretOf(String(name)) }),
};

function secretOf(name: string): string {
  if (name.includes("DATABASE")) return "postgres://user:password@host/database";
  if (name.includes("HOOK")) return "https://hooks.example.com/alarms";
  if (name.includes("HASH")) return "scrypt:16384:8:1:SALT:HASH";
  return "Endpoint=sb://hub/";
}

async function load(block: YamlBlock, file: string): Promise<unknown> {
  const kind = kindOf(block);
  if (kind === "template") {
    const folder = await tempFolder();
    writeFileSync(join(folder, "shown.yaml"), block.text);
    return new TemplateShelf(folder).find("shown")?.settings;
  }
  const input = { file, text: wholeFile(block) };
  return kind === "sink" ? loadSink(input, SECRETS) : loadGateway(input, SECRETS);
}

const blocks = pages.flatMap((page) =>
  yamlBlocks(textOf(page)).map((block) => ({ place: `${page}:${block.line}`, block })),
);

test.each(blocks)("the YAML of $place loads", async ({ block, place }) => {
  expect(await load(block, place)).toMatchObject({ version: 1 });
});

/** Pages whose commands a technician types; the first five minutes have a test of their own. */
const TECHNICIANS = ["docs/modbus.md", "docs/serial.md", "docs/mqtt.md", "docs/troubleshooting.md"];
const PORT = "/dev/serial/by-id/usb-FTDI_A1";
/** What they name that is not on the simulated line, or that needs a running agent. */
const ELSEWHERE =
  /192\.168|scale-1|press-1|oven-2|^penstock (tail|top|status|config diff|support-bundle)/;

/** Every command that these pages name, once. */
const named = [
  ...new Set(
    TECHNICIANS.flatMap((page) =>
      Array.from(textOf(page).matchAll(/`(penstock [^`]+)`/g), ([, command = ""]) => command),
    ),
  ),
];

test.each(named)("%s is a command, and takes these options and operands", async (line) => {
  const [, first = "", second = "", ...rest] = line.split(" ");
  const isTwo = Object.hasOwn(COMMANDS, `${first} ${second}`);
  const name = isTwo ? `${first} ${second}` : first;
  const described = (await COMMANDS[name]?.())?.described;
  const args = [...(isTwo ? [] : [second]), ...rest].filter((word) => word !== "");
  const options = described?.options ?? {};
  const { positionals } = parseArgs({ args, options, allowPositionals: true });
  expect(described?.name).toBe(name);
  expect(positionals.length === 0 || described?.operands !== undefined).toBe(true);
});

const GATEWAY = `version: 1
gateway: docs
buffer: { minFreeDisk: 1MiB, path: buffer }
buses:
  rs485: { modbus: rtu, port: ./line }
devices:
  meter-1: { bus: rs485, unit: 1, template: eastron-sdm630 }
`;

describe("against a simulated meter", () => {
  let folder: string;
  let line: ChildProcess;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "penstock-docs-"));
    writeFileSync(join(folder, "gateway.yaml"), GATEWAY);
    const unit = ["--template", "eastron-sdm630", "--unit", "1"];
    const options = ["modbus", ...unit, "--line", "--link", join(folder, "line"), "--json"];
    line = spawn(process.execPath, [join(root, "firmware-sim/main.ts"), ...options], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(line.stdout!, "data");
  });

  afterAll(async () => {
    const ended = once(line, "close");
    line.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true });
  });

  test.each(named.filter((command) => !ELSEWHERE.test(command)))("%s runs", async (command) => {
    const shell = new Console(folder);
    const few = command.startsWith("penstock scan") ? " --baud 9600 --parity none --units 1-2" : "";
    const { output, code } = await shell.type(command.replaceAll(PORT, "./line") + few);
    expect(code === 0 || code === 1 ? "fine" : output).toBe("fine");
    await shell.end();
  });

  test.each(TECHNICIANS)("the console blocks of %s give what stands below them", async (page) => {
    const shell = new Console(folder);
    for (const { command, expected } of stepsOf(textOf(page))) {
      const { output } = await shell.type(command);
      const shown = `$ ${command}\n${expected.join("\n")}`;
      expect(fits(expected, output) ? shown : `$ ${command}\n${output}`).toBe(shown);
    }
    await shell.end();
    expect(stepsOf("```console\n$ true\n```\n")).toHaveLength(1);
  });
});
