/**
 * What a message costs the agent without its sockets: payload, fingerprint, conditions, detection and
 * the buffer with its synced commits, in this process. `mqtt` measures the same behind the broker; the
 * difference is the MQTT library and the system's network.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { StoreAndForward } from "#agent/buffer/store-and-forward.ts";
import { ReadingIntake } from "#agent/intake/reading-intake.ts";
import { MessageReceiver } from "#agent/sources/mqtt/message-receiver.ts";
import { encodePayload } from "#agent/sources/mqtt/sparkplug/payload-codec.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { RecordingAlarms } from "#test/support/recording-alarms.ts";

export const name = "intake";
export const describe =
  "CPU a message without sockets: --devices 1000 --rounds 200 --format json (or sparkplug), 10 tags each";

const TAGS = 10;
const DOUBLE = 10;
const WARM_UP_ROUNDS = 20;
const TAKE_BYTES_MAX = 256 * 1024;
const LIMITS = { maxBytes: 2 ** 30, maxAgeMs: 1e9, minFreeBytes: 0, whenFull: "refuse" } as const;

interface Message {
  client: string;
  topic: string;
  payload: Uint8Array;
}

type MakeMessage = (device: number, round: number, ts: number, values: number[]) => Message;

export interface IntakeBenchResult {
  shape: string;
  cpuMicrosPerMessage: number;
  readingsPerCoreSecond: number;
}

export async function run(args: readonly string[]): Promise<IntakeBenchResult> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      devices: { type: "string", default: "1000" },
      rounds: { type: "string", default: "200" },
      format: { type: "string", default: "json" },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), "penstock-bench-"));
  const make = values.format === "sparkplug" ? sparkplugMessage : jsonMessage;
  const [devices, rounds] = [Number(values.devices), Number(values.rounds)];
  try {
    const cpuMicros = await measure(folder, devices, rounds, make);
    const perMessage = cpuMicros / (devices * rounds);
    return {
      shape: `${devices} devices x ${TAGS} tags, ${rounds} messages each, ${values.format}`,
      cpuMicrosPerMessage: Math.round(perMessage * 10) / 10,
      readingsPerCoreSecond: Math.round((TAGS * 1e6) / perMessage),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(
  folder: string,
  devices: number,
  rounds: number,
  make: MakeMessage,
): Promise<number> {
  const parts = { clock: systemClock, random: createRandom(1), log: silentLogger };
  const buffer = new StoreAndForward({
    folder,
    gateway: "bench",
    machineId: "bench",
    lanes: 8,
    lingerMs: 10,
    dedupeWindowMs: 600_000,
    limits: LIMITS,
    ...parts,
  });
  await buffer.start();
  buffer.onReady((lane, traffic) => buffer.confirm(buffer.take(lane, traffic, TAKE_BYTES_MAX)));
  const intake = new ReadingIntake({
    devices: {},
    lanes: 8,
    buffer,
    alarms: new RecordingAlarms(),
    ...parts,
  });
  const receiver = new MessageReceiver({
    source: "mqtt",
    topics: [{ topic: "plant/{device}" }],
    sparkplug: { settings: { hostId: "bench", groups: ["+"] }, publish: () => {}, wallMs },
    intake,
    ...parts,
  });
  const random = createRandom(2);
  const startMs = systemClock.now();
  let cpuMicros = 0;
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
    // Made beforehand: what the devices do is not the agent's.
    const messages = Array.from({ length: devices }, (_, device) => {
      const values = Array.from({ length: TAGS }, () => Math.round(random.next() * 1e5) / 1e3);
      return make(device, round, startMs + 100 * round, values);
    });
    const before = process.cpuUsage();
    const storing = messages.map(async ({ client, topic, payload }) =>
      receiver.receive(client, topic, payload),
    );
    await Promise.all(storing);
    const { user, system } = process.cpuUsage(before);
    if (round >= WARM_UP_ROUNDS) cpuMicros += user + system;
  }
  await buffer.stop();
  return cpuMicros;
}

function wallMs(): number {
  return systemClock.now();
}

function jsonMessage(device: number, _round: number, ts: number, values: number[]): Message {
  const tags = values.map((value, i) => [`tag${i}`, value]);
  const payload = Buffer.from(JSON.stringify({ ts, ...Object.fromEntries(tags) }));
  return { client: `client-${device}`, topic: `plant/device-${device}`, payload };
}

/** A birth first, then data by alias. */
function sparkplugMessage(device: number, round: number, ts: number, values: number[]): Message {
  const metrics = values.map((doubleValue, i) =>
    round === 0
      ? { name: `tag${i}`, alias: BigInt(i), datatype: DOUBLE, doubleValue }
      : { alias: BigInt(i), doubleValue },
  );
  const payload = encodePayload({ timestamp: BigInt(ts), seq: BigInt(round % 256), metrics });
  const topic = `spBv1.0/bench/${round === 0 ? "NBIRTH" : "NDATA"}/device-${device}`;
  return { client: `client-${device}`, topic, payload };
}
