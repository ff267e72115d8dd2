/**
 * The devices of the MQTT benchmark, in a process of their own: raw connections that publish ten tags
 * a message at a steady rate, and time each PUBACK. Prints one line of JSON.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { generate, parser } from "mqtt-packet";
import { systemClock } from "#core/clock.ts";
import { createRandom } from "#core/random.ts";

export interface LoadResult {
  sent: number;
  acknowledged: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

const TAGS = 10;
const TICK_MS = 2;
const PACKET_ID_MAX = 60_000;
const DRAIN_MS = 1000;

const [port = 0, clients = 0, rate = 0, warmUpSeconds = 0, seconds = 0] = process.argv
  .slice(2)
  .map(Number);
const random = createRandom(1);
const latencies: number[] = [];
let acknowledged = 0;

class Device {
  readonly #name: string;
  readonly #socket: Socket;
  readonly #sentAtMs = new Map<number, number>();
  #packetId = 0;

  constructor(name: string) {
    this.#name = name;
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true });
  }

  async login(): Promise<void> {
    const incoming = parser({ protocolVersion: 4 });
    this.#socket.on("data", (bytes) => incoming.parse(bytes));
    const answered = once(incoming, "packet");
    const clientId = this.#name;
    this.#socket.write(
      generate({
        cmd: "connect",
        protocolId: "MQTT",
        protocolVersion: 4,
        clientId,
        clean: false,
        keepalive: 60,
      }),
    );
    await answered;
    incoming.on("packet", (packet) => {
      if (packet.cmd === "puback") this.#acknowledge(packet.messageId ?? 0);
    });
  }

  publish(): void {
    this.#packetId = (this.#packetId % PACKET_ID_MAX) + 1;
    const tags = Array.from({ length: TAGS }, (_, i) => `"tag_${i}":${random.int(100_000) / 1000}`);
    const payload = `{"ts":${systemClock.now()},${tags.join(",")}}`;
    this.#sentAtMs.set(this.#packetId, systemClock.monotonic());
    const topic = `plant/${this.#name}`;
    const messageId = this.#packetId;
    this.#socket.write(
      generate({ cmd: "publish", topic, payload, qos: 1, messageId, dup: false, retain: false }),
    );
  }

  end(): void {
    this.#socket.destroy();
  }

  #acknowledge(packetId: number): void {
    const sentAtMs = this.#sentAtMs.get(packetId);
    if (sentAtMs === undefined) throw new Error("a PUBACK that nobody waits for");
    this.#sentAtMs.delete(packetId);
    latencies.push(systemClock.monotonic() - sentAtMs);
    acknowledged += 1;
  }
}

const devices = Array.from({ length: clients }, (_, i) => new Device(`device-${i}`));
await Promise.all(devices.map((device) => device.login()));
let sent = 0;
let startMs = systemClock.monotonic();
const timer = systemClock.every("publish", TICK_MS, () => {
  const due = Math.floor(((systemClock.monotonic() - startMs) / 1000) * rate);
  for (; sent < due; sent++) devices[sent % devices.length]?.publish();
});
await systemClock.sleep(warmUpSeconds * 1000, { name: "warm-up" });
process.stdout.write("measuring\n");
latencies.length = 0;
acknowledged = 0;
sent = 0;
startMs = systemClock.monotonic();
await systemClock.sleep(seconds * 1000, { name: "measuring" });
timer.cancel();
process.stdout.write("draining\n");
await systemClock.sleep(DRAIN_MS, { name: "draining" });
const sorted = latencies.toSorted((a, b) => a - b);
const quantile = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
const result: LoadResult = {
  sent,
  acknowledged,
  p50Ms: quantile(0.5),
  p99Ms: quantile(0.99),
  maxMs: quantile(1),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
for (const device of devices) device.end();
