/**
 * Devices that come and go during a storm, beside the plant: each has a connection of its own and
 * sends what it is given, and the ledger is told of it like of any other.
 */
import type { Clock, Timer } from "#core/clock.ts";
import { RateLimitedLog, silentLogger } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import type { LedgerWriter } from "#sim/ledger/contract.ts";
import { PayloadWriter } from "#sim/mqtt/payload.ts";
import { MqttPublisher } from "#sim/mqtt/publisher.ts";

export interface ExtraDevicesParts {
  ledger: LedgerWriter;
  clock: Clock;
  random: Random;
}

/** One message: values in the order of the tags. */
export interface Sample {
  ts: number;
  values: Float64Array;
}

export const EXTRA_TAGS = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] as const;

const HOST = "127.0.0.1";
const TICK_MS = 20;
/** As many as MQTT can number, and some to spare. */
const WINDOW_MESSAGES = 60_000;

export class ExtraDevices {
  readonly #parts: ExtraDevicesParts;
  readonly #publishers = new Set<MqttPublisher>();
  readonly #payload = new PayloadWriter(EXTRA_TAGS);
  #timer: Timer | undefined;

  constructor(parts: ExtraDevicesParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = this.#parts.clock.every("extra devices", TICK_MS, () => {
      const nowMs = this.#parts.clock.monotonic();
      for (const publisher of this.#publishers) {
        publisher.flush();
        publisher.tick(nowMs);
      }
    });
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await Promise.all([...this.#publishers].map((publisher) => publisher.stop()));
  }

  /** Publishes all of it; what is not acknowledged is sent again, also long after the fault. */
  publish(device: string, port: number, samples: readonly Sample[]): MqttPublisher {
    const { ledger, clock, random } = this.#parts;
    const publisher = new MqttPublisher(
      {
        host: HOST,
        port,
        clientId: device,
        windowMessages: WINDOW_MESSAGES,
        connectTimeoutMs: 5000,
        keepAliveMs: 15_000,
      },
      { ledger, clock, random: random.fork(device), log: new RateLimitedLog(silentLogger, clock) },
    );
    this.#publishers.add(publisher);
    publisher.start();
    for (const { ts, values } of samples) {
      const message = { device, tags: EXTRA_TAGS, values: [...values], ts };
      publisher.publish(message, `plant/${device}`, this.#payload.write(ts, values));
    }
    return publisher;
  }

  /** Messages without a PUBACK. */
  get unacknowledged(): number {
    return [...this.#publishers].reduce((sum, publisher) => sum + publisher.unacknowledged, 0);
  }
}
