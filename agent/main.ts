/** The agent's command line: signals, exit codes, and which command runs. */
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { type Command, dispatch } from "#config/dispatch.ts";
import { EXIT } from "#config/exit.ts";
import type { GatewaySettings } from "#config/gateway.ts";
import { loadGateway } from "#config/load-config.ts";
import { systemClock } from "#core/clock.ts";
import { createLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { ServiceManager } from "#core/service-manager.ts";
import { Agent } from "./agent.ts";
import { checkCommand } from "./commands/check.ts";
import { detectCommand } from "./commands/detect.ts";

const HELP = `The gateway agent.

  run --config FILE   reads the devices, stores their readings, sends them to Event Hubs
                      --json  says as JSON, in one line, where it listens
  check FILE          tells the faults of a configuration, offline
  detect              back-tests the detectors on CSV from standard input

COMMAND --help tells more. Exit codes: 0 fine, 1 failed, 2 misuse, 78 bad configuration.
`;

const { stdin, stdout, stderr } = process;

const COMMANDS: Readonly<Record<string, Command>> = {
  run: runCommand,
  check: (args) => checkCommand({ args, stdout: stdout, stderr: stderr }),
  detect: (args) => detectCommand({ args, stdin, stdout, stderr }),
};

const RUN_HELP = `Runs the agent until SIGTERM or SIGINT.

  run --config FILE [--json]

The first line on standard output says where the agent listens.
`;

async function runCommand(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help || values.config === undefined) {
    (values.help ? stdout : stderr).write(RUN_HELP);
    return values.help ? EXIT.fine : EXIT.misuse;
  }
  return run(loadGateway(values.config), values.json);
}

async function run(settings: GatewaySettings, json: boolean): Promise<number> {
  const log = createLogger("agent", settings.log);
  const agent = new Agent({
    settings,
    machineId: machineId(),
    clock: systemClock,
    random: createRandom(randomInt(2 ** 32)),
    log,
    resources,
  });
  const ended = signalled();
  const service = new ServiceManager({
    environment: process.env,
    clock: systemClock,
    log,
    stalled: () => agent.stalled(),
  });
  try {
    await agent.start();
  } catch (error) {
    await agent.stop();
    throw error;
  }
  const listening = `http://${settings.http.listen.host}:${agent.httpPort}`;
  const { mqttPort } = agent;
  stdout.write(
    json
      ? `${JSON.stringify({ listening, mqttPort, pid: process.pid })}\n`
      : `The agent listens on ${listening}${mqttPort === undefined ? "" : `, MQTT on port ${mqttPort}`}\n`,
  );
  service.ready(`listens on ${listening}`);
  log.info({ signal: await ended }, "stopping");
  service.stopping();
  await agent.stop();
  return EXIT.fine;
}

async function signalled(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, resolve);
  });
}

/** Where there is no machine id (a container, another system), the host's name stands for it. */
function machineId(): string {
  try {
    return readFileSync("/etc/machine-id", "utf8").trim() || hostname();
  } catch {
    return hostname();
  }
}

function resources(): { cpuMs: number; rssBytes: number } {
  const { user, system } = process.cpuUsage();
  return { cpuMs: Math.round((user + system) / 1000), rssBytes: process.memoryUsage.rss() };
}

process.exitCode = await dispatch(process.argv.slice(2), {
  commands: COMMANDS,
  help: HELP,
  stdout,
  stderr,
});
