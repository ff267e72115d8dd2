/**
 * The agent's way from PUBLISH to PUBACK: broker, intake with detection, and buffer with its synced
 * commits in this process, devices in another. The chunks are confirmed as a perfect uplink would.
 */

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { StoreAndForward } from "#agent/buffer/store-and-forward.ts";
import { ReadingIntake } from "#agent/intake/reading-intake.ts";
import { MqttBroker } from "#agent/sources/mqtt/mqtt-broker.ts";
import { gatewaySchema } from "#config/gateway.ts";
import { systemClock } from "#core/clock.ts";
import { createLogger, silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { RecordingAlarms } from "#test/support/recording-alarms.ts";
import type { LoadResult } from "./mqtt/load.ts";

export const name = "mqtt";
export const describe =
  "PUBLISH to PUBACK, stored: --clients 1000 --rate 1000 (messages of 10 tags a second)";

const WARM_UP_SECONDS = 4;
const TAKE_BYTES_MAX = 256 * 1024;

export interface MqttBenchResult extends LoadResult {
  shape: string;
  cpuShare: number;
  rssMb: number;
}

export async function run(args: readonly string[]): Promise<MqttBenchResult> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      clients: { type: "string", default: "1000" },
      rate: { type: "string", default: "1000" },
      seconds: { type: "string", default: "10" },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), "penstock-bench-"));
  try {
    return await measure(folder, values.clients, values.rate, values.seconds);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(
  folder: string,
  clients: string,
  rate: string,
  seconds: string,
): Promise<MqttBenchResult> {
  const { buffer: settings, mqtt } = gatewaySchema.parse({
    version: 1,
    gateway: "bench",
    uplink: { eventHubs: { connectionString: "Endpoint=sb://localhost/", hub: "h" } },
    mqtt: { broker: { listen: "127.0.0.1:0" }, topics: [{ topic: "plant/{device}" }] },
  });
  if (!mqtt?.broker) throw new Error("no broker");
  const { maxBytes, maxAge, minFreeDisk, whenFull, lanes, linger, dedupeWindow } = settings;
  const buffer = new StoreAndForward({
    folder,
    gateway: "bench",
    machineId: "bench",
    lanes,
    lingerMs: linger,
    dedupeWindowMs: dedupeWindow,
    limits: { maxBytes, maxAgeMs: maxAge, minFreeBytes: minFreeDisk, whenFull },
    clock: systemClock,
    random: createRandom(1),
    log: silentLogger,
  });
  await buffer.start();
  buffer.onReady((lane, traffic) => buffer.confirm(buffer.take(lane, traffic, TAKE_BYTES_MAX)));
  const intake = new ReadingIntake({
    alarms: new RecordingAlarms(),
    devices: {},
    lanes,
    buffer,
    clock: systemClock,
    log: silentLogger,
  });
  const broker = new MqttBroker({
    settings: mqtt.broker,
    topics: mqtt.topics,
    alarmTopic: mqtt.alarmTopic,
    intake,
    clock: systemClock,
    log: createLogger("bench", "warn"),
  });
  await broker.start();
  const measured = await load(broker.port, clients, rate, seconds);
  const result = {
    shape: `${clients} clients, ${rate} messages/s x 10 tags`,
    ...measured,
    rssMb: Math.round(process.memoryUsage.rss() / 1e6),
  };
  await broker.stop();
  await buffer.stop();
  return result;
}

async function load(
  port: number,
  clients: string,
  rate: string,
  seconds: string,
): Promise<LoadResult & { cpuShare: number }> {
  const script = fileURLToPath(new URL("mqtt/load.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    [script, String(port), clients, rate, String(WARM_UP_SECONDS), seconds],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let before = process.cpuUsage();
  let cpuShare = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === "measuring") {
      before = process.cpuUsage();
    } else if (line === "draining") {
      const { user, system } = process.cpuUsage(before);
      cpuShare = (user + system) / 1e6 / Number(seconds);
    } else {
      const result: LoadResult = JSON.parse(line);
      return { ...result, cpuShare };
    }
  }
  throw new Error("the devices ended without a result");
}
