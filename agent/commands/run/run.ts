/** `run`: the agent, until it is told to stop. */
import { randomInt, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Agent } from "#agent/agent.ts";
import type { Boot } from "#agent/timekeeping/gateway-clock.ts";
import { isSystemClockSynced } from "#agent/timekeeping/system-sync.ts";
import { type CommandIo, declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { loadGateway, loadGatewayFiles } from "#config/loading/load-config.ts";
import { systemClock } from "#core/clock.ts";
import { createLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { ServiceManager } from "#core/service-manager.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import { AgentLife } from "./agent-life.ts";
import { machineId } from "./machine-id.ts";

export const runCommand = declareCommand({
  name: "run",
  summary: "reads the devices, stores their readings, sends them to Event Hubs",
  description: `Runs until SIGTERM or SIGINT. The first line on standard output says where the agent listens. A
changed file is taken over within two seconds, or at SIGHUP: only what differs starts anew; a file
with faults leaves the last good one running, and \`status\` says so.`,
  options: { ...CONFIG_OPTION, ...JSON_OPTION },
  examples: [{ line: "penstock run --config gateway.yaml", does: "runs in the foreground" }],
  run: async ({ values, io }) => run(configFileOf(values.config, io.env), values.json, io),
});

async function run(file: string, json: boolean, io: CommandIo): Promise<number> {
  const { log: logSettings, http } = loadGateway(file);
  const log = createLogger("agent", logSettings);
  const life = new AgentLife({
    file,
    load: () => loadGatewayFiles(file),
    makeAgent: (settings, configuration) =>
      new Agent({
        settings,
        configuration,
        machineId: machineId(),
        boot: boot(),
        isClockSynced: () => isSystemClockSynced(systemClock),
        clock: systemClock,
        random: createRandom(randomInt(2 ** 32)),
        log,
        resources,
      }),
    clock: systemClock,
    log,
  });
  const service = new ServiceManager({
    environment: io.env,
    clock: systemClock,
    log,
    stalled: () => life.agent?.stalled(),
  });
  const agent = await life.start();
  const onHangUp = (): void => void life.reload();
  process.on("SIGHUP", onHangUp);
  const { httpPort, mqttPort } = agent;
  const { host } = http.listen;
  const listening = httpPort === undefined ? undefined : `http://${host}:${httpPort}`;
  io.stdout.write(greeting(listening, mqttPort, json));
  service.ready(listening === undefined ? "runs without its page" : `listens on ${listening}`);
  await aborted(io.signal);
  log.info("stopping");
  service.stopping();
  process.off("SIGHUP", onHangUp);
  await life.stop();
  return EXIT.fine;
}

/** @param listening the page's address; undefined where it cannot listen */
function greeting(
  listening: string | undefined,
  mqttPort: number | undefined,
  json: boolean,
): string {
  if (json) return `${JSON.stringify({ listening, mqttPort, pid: process.pid })}\n`;
  const mqtt = mqttPort === undefined ? "" : `, MQTT on port ${mqttPort}`;
  return listening === undefined
    ? `The agent runs without its page${mqtt}\n`
    : `The agent listens on ${listening}${mqtt}\n`;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Without the kernel's word each start of the agent counts as a boot: then nothing is mixed up. */
function boot(): Boot {
  const sinceBootMs = Number(process.hrtime.bigint() / 1_000_000n);
  const originMs = sinceBootMs - systemClock.monotonic();
  try {
    return { id: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(), originMs };
  } catch {
    return { id: randomUUID(), originMs };
  }
}

function resources(): { cpuMs: number; rssBytes: number } {
  const { user, system } = process.cpuUsage();
  return { cpuMs: Math.round((user + system) / 1000), rssBytes: process.memoryUsage.rss() };
}
