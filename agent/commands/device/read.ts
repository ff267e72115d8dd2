/** `read DEVICE[/TAG]`: values as the agent would read them now. */
import { type ControlClient, findAgent, runningAgent } from "#agent/control/control-client.ts";
import {
  type CommandIo,
  declareCommand,
  JSON_OPTION,
  Misuse,
} from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { textTable } from "#config/command-line/text-table.ts";
import type { GatewaySettings } from "#config/gateway.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import { accessBus, frameWriter, watched } from "./bus-access.ts";
import type { ShownReading } from "./collecting-intake.ts";
import { readLine } from "./read-line.ts";
import { readModbus } from "./read-modbus.ts";
import { adviceFor } from "./reason-advice.ts";
import { type Target, targetOf } from "./target.ts";

const LINE_WAIT_MS = 10_000;

export const readCommand = declareCommand({
  name: "read",
  operands: "DEVICE[/TAG]",
  operandCount: [1, 1],
  summary: "reads a device, or one of its tags, now",
  description: `The value goes to standard output, everything else to standard error. A Modbus device is asked: by
the running agent, between its polls, else by this command. Of a device that publishes, the running
agent's newest values are shown. Exit code: 1 where a value is bad.`,
  options: {
    ...CONFIG_OPTION,
    ...JSON_OPTION,
    verbose: { type: "boolean", short: "v", default: false, means: "each frame, in hexadecimal" },
  },
  examples: [
    { line: "penstock read oven-2", does: "all tags of a device" },
    { line: "penstock read oven-2/temperature -v", does: "one tag, and the frames on the wire" },
  ],
  run: async ({ values, operands: [text = ""], io }) => {
    const settings = loadGateway(configFileOf(values.config, io.env));
    const heard = await heardOf(text, settings);
    const { name, tag, readings } = heard ?? (await readListed(text, settings, values.verbose, io));
    const shown = tag === undefined ? readings : readings.filter((reading) => reading.tag === tag);
    if (tag !== undefined && shown.length === 0) {
      throw new Misuse(`${name} has given no tag "${tag}".`);
    }
    if (values.json) io.stdout.write(`${JSON.stringify(shown)}\n`);
    else if (shown.length === 0) io.stderr.write(`${name} has given no readings yet.\n`);
    else show(shown, tag !== undefined, io);
    return shown.every((reading) => reading.quality !== "bad") ? EXIT.fine : EXIT.failed;
  },
});

interface Read {
  name: string;
  tag: string | undefined;
  /** Of the tag, and maybe of others. */
  readings: readonly ShownReading[];
}

/** A device that publishes need not stand in the file: then the running agent has heard of it. */
async function heardOf(
  text: string,
  { devices, mqtt, buffer }: GatewaySettings,
): Promise<Read | undefined> {
  const [name = "", tag] = text.split("/");
  if (mqtt === undefined || Object.hasOwn(devices, name)) return undefined;
  const agent = await findAgent(buffer.path);
  const readings = agent ? await newestOf(agent, name) : [];
  return readings.length === 0 ? undefined : { name, tag, readings };
}

/** @throws Misuse where the file has no such device */
async function readListed(
  text: string,
  settings: GatewaySettings,
  verbose: boolean,
  io: CommandIo,
): Promise<Read> {
  const target = targetOf(text, settings);
  const readings = await readTarget(target, settings, verbose, io);
  return { name: target.name, tag: target.tag, readings };
}

async function newestOf(agent: ControlClient, device: string): Promise<ShownReading[]> {
  const query = new URLSearchParams({ device });
  return await agent.ask<ShownReading[]>(`GET /values?${query.toString()}`);
}

async function readTarget(
  target: Target,
  { buffer }: GatewaySettings,
  verbose: boolean,
  io: CommandIo,
): Promise<ShownReading[]> {
  const { name, tag, bus } = target;
  const device = tag === undefined ? target.device : withTagOnly(target.device, tag);
  if (bus && "modbus" in bus.settings) {
    const { name: busName, settings } = bus;
    const asked = { bus: busName, settings, bufferPath: buffer.path, signal: io.signal };
    const access = await accessBus(asked);
    try {
      const link = watched(access.link, frameWriter(verbose, io.stderr));
      return await readModbus({ bus: busName, settings, name, device, link });
    } finally {
      await access.close();
    }
  }
  const agent = bus ? await findAgent(buffer.path) : await runningAgent(buffer.path);
  if (agent) return await newestOf(agent, name);
  if (!bus || "modbus" in bus.settings) return [];
  const { name: busName, settings } = bus;
  const line = { bus: busName, settings, name, device: target.device, waitMs: LINE_WAIT_MS };
  return await readLine({ ...line, signal: io.signal });
}

function withTagOnly(device: Target["device"], tag: string): Target["device"] {
  const settings = device.tags[tag];
  return { ...device, tags: settings ? { [tag]: settings } : {} };
}

/** One tag's value alone can be taken by a script. */
function show(
  readings: readonly ShownReading[],
  isOneTag: boolean,
  { stdout, stderr }: CommandIo,
): void {
  const [first] = readings;
  if (isOneTag && first) {
    stdout.write(`${valueText(first)}\n`);
    stderr.write(`${first.device}/${first.tag} ${rest(first).filter(Boolean).join(" ")}\n`);
  } else {
    const rows = readings.map((reading) => [reading.tag, valueText(reading), ...rest(reading)]);
    stdout.write(`${textTable(["tag", "value", "unit", "quality", "at"], rows)}\n`);
  }
  const reasons = new Set(readings.map((reading) => reading.reason));
  for (const reason of reasons) {
    const advice = adviceFor(reason);
    if (advice !== undefined) stderr.write(`${reason}: ${advice}\n`);
  }
}

function valueText({ value }: ShownReading): string {
  return value === null ? "-" : String(value);
}

function rest({ unit, quality, reason, ts }: ShownReading): string[] {
  const at = ts === null ? "never" : new Date(ts).toISOString();
  return [unit ?? "", reason === undefined ? quality : `${quality} (${reason})`, at];
}
