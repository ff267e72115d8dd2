/**
 * From a device's PUBLISH to its alarm, on the MQTT topic and at a webhook on loopback, while other
 * devices keep the agent busy. The agent is the real one, in a process of its own; so are the others.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { connectAsync, type MqttClient } from "mqtt";
import { systemClock } from "#core/clock.ts";
import { type AgentProcess, startAgent } from "#test/support/agent-process.ts";
import { startNoticeHook } from "#test/support/notice-hook.ts";

export const name = "alarm-latency";
export const describe =
  "device to local alarm, on MQTT and by webhook: --rate 1000 (messages of 10 tags a second) --seconds 20";

const CLIENTS = 1000;
const WARM_UP_SECONDS = 4;
const ALARMS_PER_SECOND = 20;
const LIMIT = 100;
/** What is under way when the last alarm is raised. */
const DRAIN_MS = 2000;

interface Latency {
  count: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

export interface AlarmLatencyResult {
  shape: string;
  raised: number;
  mqtt: Latency;
  webhook: Latency;
}

export async function run(args: readonly string[]): Promise<AlarmLatencyResult> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rate: { type: "string", default: "1000" },
      seconds: { type: "string", default: "20" },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), "penstock-bench-"));
  const probes = new Probes(Number(values.seconds) * ALARMS_PER_SECOND);
  const hook = await startNoticeHook((body) => probes.atWebhook(body.device));
  const file = join(folder, "gateway.yaml");
  await writeFile(file, gatewayFile(join(folder, "buffer"), probes.names, hook.url));
  const agent = await startAgent(file);
  try {
    await measure(agent, probes, values.rate, values.seconds);
    return {
      shape: `${CLIENTS} clients, ${values.rate} messages/s x 10 tags, ${ALARMS_PER_SECOND} alarms/s`,
      ...probes.result(),
    };
  } finally {
    await agent.stop();
    hook.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(
  { mqttPort }: AgentProcess,
  probes: Probes,
  rate: string,
  seconds: string,
): Promise<void> {
  const way = { host: "127.0.0.1", port: mqttPort };
  const listener = await connectAsync({ ...way, clientId: "listener" });
  await listener.subscribeAsync("penstock/alarms/#");
  listener.on("message", (topic) => probes.onTopic(topic.split("/")[2] ?? ""));
  const device = await connectAsync({ ...way, clientId: "probe" });
  const load = busyDevices(mqttPort, rate, String(Number(seconds) + 1));
  await systemClock.sleep(WARM_UP_SECONDS * 1000, { name: "warm up" });
  for (const probe of probes.names) {
    raise(device, probe, probes);
    await systemClock.sleep(1000 / ALARMS_PER_SECOND, { name: "the next alarm" });
  }
  await systemClock.sleep(DRAIN_MS, { name: "drain" });
  await load;
  await device.endAsync();
  await listener.endAsync();
}

function raise(device: MqttClient, probe: string, probes: Probes): void {
  probes.sent(probe);
  const payload = JSON.stringify({ ts: systemClock.now(), t: LIMIT + 1 });
  device.publish(`plant/${probe}`, payload, { qos: 1 });
}

/** Their own figures are those of the benchmark `mqtt`. */
async function busyDevices(port: number, rate: string, seconds: string): Promise<void> {
  const script = fileURLToPath(new URL("mqtt/load.ts", import.meta.url));
  const numbers = [port, CLIENTS, rate, WARM_UP_SECONDS, seconds].map(String);
  const child = spawn(process.execPath, [script, ...numbers], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  await once(child, "exit");
}

/** Devices that each raise one alarm. */
class Probes {
  readonly names: readonly string[];
  readonly #sentAtMs = new Map<string, number>();
  readonly #onTopicMs = new Map<string, number>();
  readonly #atWebhookMs = new Map<string, number>();

  constructor(count: number) {
    this.names = Array.from({ length: count }, (_, number) => `probe-${number}`);
  }

  sent(probe: string): void {
    this.#sentAtMs.set(probe, systemClock.monotonic());
  }

  onTopic(probe: string): void {
    this.#arrived(this.#onTopicMs, probe);
  }

  atWebhook(probe: string): void {
    this.#arrived(this.#atWebhookMs, probe);
  }

  result(): Pick<AlarmLatencyResult, "raised" | "mqtt" | "webhook"> {
    return {
      raised: this.#sentAtMs.size,
      mqtt: latencyOf([...this.#onTopicMs.values()]),
      webhook: latencyOf([...this.#atWebhookMs.values()]),
    };
  }

  #arrived(durations: Map<string, number>, probe: string): void {
    const sentAtMs = this.#sentAtMs.get(probe);
    if (sentAtMs === undefined || durations.has(probe)) return;
    durations.set(probe, systemClock.monotonic() - sentAtMs);
  }
}

function latencyOf(durationsMs: readonly number[]): Latency {
  const inOrder = durationsMs.toSorted((a, b) => a - b);
  const at = (share: number): number => {
    const place = Math.min(inOrder.length - 1, Math.floor(share * inOrder.length));
    return Math.round((inOrder[place] ?? Number.NaN) * 100) / 100;
  };
  return { count: inOrder.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

function gatewayFile(buffer: string, probes: readonly string[], hook: string): string {
  const tags = `{ t: { limits: { hh: ${LIMIT}, deadband: 0 } } }`;
  return `version: 1
gateway: hall-3
log: error
buffer: { path: ${JSON.stringify(buffer)}, minFreeDisk: 1MiB }
http: { listen: 127.0.0.1:0 }
mqtt:
  broker: { listen: 127.0.0.1:0 }
  topics: [{ topic: "plant/{device}" }]
devices:
${probes.map((probe) => `  ${probe}: { tags: ${tags} }`).join("\n")}
alarms:
  shift: { webhook: "${hook}" }
  # Each alarm is to be told by itself, however many there are.
  policy: { flood: { urgent: 1000 } }
`;
}
