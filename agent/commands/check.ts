/** `check FILE`: whether a gateway's configuration is right, without starting or opening anything. */
import { parseArgs } from "node:util";
import { EXIT } from "#config/exit.ts";
import { ConfigError, renderFaults } from "#config/faults.ts";
import type { GatewaySettings } from "#config/gateway.ts";
import { loadGateway } from "#config/load-config.ts";
import { messageOf } from "#core/errors.ts";

interface Output {
  write(text: string): unknown;
}

export interface CheckCommandOptions {
  /** What follows the command's name. */
  args: readonly string[];
  stdout: Output;
  stderr: Output;
}

const HELP = `Checks a gateway's configuration file. Nothing is started, and nothing but the file is opened.

  check FILE          each fault as FILE:line:column: message, with an excerpt and a suggestion
  check FILE --json   one JSON document: {"file","good","faults":[…]}

Exit code: 0 good, 2 wrong use of the command, 78 faults in the file.
`;

/** Resolves to the exit code. */
export async function checkCommand(options: CheckCommandOptions): Promise<number> {
  const { stdout, stderr } = options;
  const request = parse(options.args);
  if (request.kind === "help") {
    stdout.write(HELP);
    return EXIT.fine;
  }
  if (request.kind === "misuse") {
    stderr.write(`${request.message}\n\n${HELP}`);
    return EXIT.misuse;
  }
  const { file, json } = request;
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

type Request =
  | { kind: "check"; file: string; json: boolean }
  | { kind: "help" }
  | { kind: "misuse"; message: string };

function parse(args: readonly string[]): Request {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: "boolean", default: false }, help: { type: "boolean", short: "h" } },
    });
    if (values.help === true) return { kind: "help" };
    const [file, ...more] = positionals;
    if (file === undefined) return { kind: "misuse", message: "Which file? Give its path." };
    if (more.length > 0) return { kind: "misuse", message: "Give one file at a time." };
    return { kind: "check", file, json: values.json };
  } catch (error) {
    return { kind: "misuse", message: messageOf(error) };
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
