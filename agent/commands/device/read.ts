/** `read DEVICE[/TAG]`: values as the agent would read them now. */
import { findAgent, runningAgent } from "#agent/control/control-client.ts";
import {
  type CommandIo,
  declareCommand,
  JSON_OPTION,
  Misuse,
} from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import type { GatewaySettings } from "#config/gateway.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import { textTable } from "../text-table.ts";
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
  run: async ({ values, operands, io }) => {
    const settings = loadGateway(configFileOf(values.config, io.env));
    const target = targetOf(operands[0] ?? "", settings);
    const readings = await readTarget(target, settings, values.verbose, io);
    if (target.tag !== undefined && readings.length === 0) {
      throw new Misuse(`${target.name} has given no tag "${target.tag}".`);
    }
    if (values.json) io.stdout.write(`${JSON.stringify(readings)}\n`);
    else show(readings, target.tag !== undefined, io);
    return readings.every((reading) => reading.quality !== "bad") ? EXIT.fine : EXIT.failed;
  },
});

async function readTarget(
  target: Target,
  { buffer }: GatewaySettings,
  verbose: boolean,
  io: CommandIo,
): Promise<ShownReading[]> {
  const { name, tag, bus } = target;
  const device = tag === undefined ? target.device : withTagOnly(target.device, tag);
  const ofTag = (reading: ShownReading): boolean => tag === undefined || reading.tag === tag;
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
  if (agent) {
    const route = `GET /values?${new URLSearchParams({ device: name }).toString()}`;
    return (await agent.ask<ShownReading[]>(route)).filter(ofTag);
  }
  if (!bus || "modbus" in bus.settings) return [];
  const { name: busName, settings } = bus;
  const line = { bus: busName, settings, name, device: target.device, waitMs: LINE_WAIT_MS };
  return (await readLine({ ...line, signal: io.signal })).filter(ofTag);
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
