/** `check FILE`: whether a gateway's configuration is right, without starting or opening anything. */
import { declareCommand, JSON_OPTION, type Output } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { ConfigError, renderFaults } from "#config/faults/faults.ts";
import type { GatewaySettings } from "#config/gateway.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";

export const checkCommand = declareCommand({
  name: "check",
  operands: "[FILE]",
  operandCount: [0, 1],
  summary: "tells the faults of a gateway's file, offline",
  description: `Nothing is started, and nothing but the file and its secrets is opened. Each fault is told as
FILE:line:column: message, with an excerpt and a suggestion; with --json as one document:
{"file","good","faults":[…]}. Exit code: 0 good, 2 wrong use of the command, 78 faults in the file.`,
  options: { ...CONFIG_OPTION, ...JSON_OPTION },
  examples: [
    { line: "penstock check gateway.yaml", does: "before the agent is started with it" },
    { line: "penstock check gateway.yaml --json", does: "for an editor, or a pipeline" },
  ],
  run: ({ values, operands, io }) =>
    check(configFileOf(operands[0] ?? values.config, io.env), values.json, io.stdout),
});

function check(file: string, json: boolean, stdout: Output): number {
  try {
    const settings = loadGateway(file);
    stdout.write(
      json ? `${JSON.stringify({ file, good: true, faults: [] })}\n` : praise(file, settings),
    );
    return EXIT.fine;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    stdout.write(json ? jsonOf(file, error) : blame(error));
    return EXIT.badConfiguration;
  }
}

function praise(file: string, settings: GatewaySettings): string {
  const devices = Object.values(settings.devices);
  const tags = devices.reduce((sum, device) => sum + Object.keys(device.tags).length, 0);
  const parts = [
    count(Object.keys(settings.buses).length, "bus", "buses"),
    count(devices.length, "device"),
    count(tags, "tag"),
    count(settings.mqtt?.topics.length ?? 0, "topic rule"),
  ];
  return `${file}: good (gateway ${settings.gateway}: ${parts.join(", ")})\n`;
}

function blame(error: ConfigError): string {
  const faults = count(error.faults.length, "fault");
  return `${renderFaults(error.faults, "text")}\n\n${faults}\n`;
}

function jsonOf(file: string, error: ConfigError): string {
  return `${JSON.stringify({ file, good: false, code: error.code, faults: error.faults })}\n`;
}

function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}
