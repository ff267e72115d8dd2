/**
 * All devices that publish. Each samples in its turn and stamps the sample with the wall clock of
 * that moment; only a turn that comes more than `lateMs` behind its time carries the time when it
 * was due, as a device's own clock would have it. A message keeps its time however long it waits.
 */
import type { Clock } from "#core/clock.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import type { FaultLabels } from "../faults/fault-injector.ts";
import type { LedgerWriter, SentMessage } from "../ledger/contract.ts";
import { PayloadWriter } from "../mqtt/payload.ts";
import { MqttPublisher, type PublisherCounters } from "../mqtt/publisher.ts";
import { distinctDigitsFor, shuffledOrder } from "../signals/distinct-digits.ts";
import { publisherKind, publisherName } from "./device-names.ts";
import { Rota } from "./rota.ts";
import { VirtualDevice } from "./virtual-device.ts";

export interface MqttFleetSettings {
  host: string;
  port: number;
  devices: number;
  rateHz: number;
  connections: number;
  windowMessages: number;
  clientPrefix: string;
  faultsPerHour: number;
  warmUpMs: number;
}

export interface FleetParts {
  ledger: LedgerWriter;
  clock: Clock;
  random: Random;
  log: Logger;
  labels: FaultLabels;
}

export interface MqttFleetStats {
  devices: number;
  connections: { total: number; online: number; connects: number; disconnects: number };
  messages: Pick<PublisherCounters, "sent" | "acknowledged" | "repeated"> & {
    unacknowledged: number;
    /** Turns not taken because the connection's window was full. */
    heldBack: number;
    /** Turns not taken because this process was too late. */
    skipped: number;
    /** Turns taken too late to be stamped with the moment of their sampling. */
    late: number;
    strayAcknowledgements: number;
  };
  /** The latest turn of all, in ms. */
  latenessMaxMs: number;
}

interface Member {
  device: VirtualDevice;
  topic: string;
  payload: PayloadWriter;
  publisher: MqttPublisher;
}

/**
 * A turn later than this was missed by the process, not by the grain of its timer. Never more than
 * half a period: so a device's time stamps always grow.
 */
const LATE_MS = 30;
const CATCH_UP_MS = 2000;

export class MqttFleet {
  readonly #settings: MqttFleetSettings;
  readonly #parts: FleetParts;
  readonly #rota: Rota;
  readonly #lateMs: number;
  readonly #publishers: MqttPublisher[] = [];
  readonly #members: Member[] = [];
  #isProducing = false;
  #heldBack = 0;
  #late = 0;
  #latenessMaxMs = 0;

  constructor(settings: MqttFleetSettings, parts: FleetParts) {
    this.#settings = settings;
    this.#parts = parts;
    const periodMs = 1000 / settings.rateHz;
    this.#lateMs = Math.min(LATE_MS, periodMs / 2);
    this.#rota = new Rota({ members: settings.devices, periodMs, catchUpMs: CATCH_UP_MS });
  }

  start(): void {
    const { clock } = this.#parts;
    this.#build(clock.now());
    for (const publisher of this.#publishers) publisher.start();
    this.#rota.start(clock.monotonic());
    this.#isProducing = true;
  }

  /** Samples whoever's turn it is. To be called every few milliseconds. */
  tick(nowMs: number): void {
    const wallMs = this.#parts.clock.now();
    if (this.#isProducing) {
      this.#rota.takeDue(nowMs, (index, lateMs) => this.#turn(index, lateMs, wallMs));
    }
    for (const publisher of this.#publishers) {
      publisher.flush();
      publisher.tick(nowMs);
    }
  }

  /** No further samples; what is unacknowledged goes on being sent. */
  stopProducing(): void {
    this.#isProducing = false;
  }

  get unacknowledged(): number {
    return this.#publishers.reduce((sum, publisher) => sum + publisher.unacknowledged, 0);
  }

  get deviceNames(): string[] {
    return this.#members.map((member) => member.device.name);
  }

  async stop(): Promise<void> {
    this.#isProducing = false;
    await Promise.all(this.#publishers.map((publisher) => publisher.stop()));
  }

  /** Cuts one connection, or all of them, without a word; they come back by themselves. */
  cut(connection?: number): void {
    if (connection !== undefined) this.#publishers[connection]?.cut();
    else for (const publisher of this.#publishers) publisher.cut();
  }

  stats(): MqttFleetStats {
    const total = (name: keyof PublisherCounters): number =>
      this.#publishers.reduce((sum, publisher) => sum + publisher.counters[name], 0);
    return {
      devices: this.#settings.devices,
      connections: {
        total: this.#publishers.length,
        online: this.#publishers.filter((publisher) => publisher.isOnline).length,
        connects: total("connects"),
        disconnects: total("disconnects"),
      },
      messages: {
        sent: total("sent"),
        acknowledged: total("acknowledged"),
        unacknowledged: this.unacknowledged,
        repeated: total("repeated"),
        heldBack: this.#heldBack,
        skipped: this.#rota.skipped,
        late: this.#late,
        strayAcknowledgements: total("strayAcknowledgements"),
      },
      latenessMaxMs: Math.round(this.#latenessMaxMs),
    };
  }

  #turn(index: number, lateMs: number, wallMs: number): void {
    const member = this.#members[index];
    if (!member) return;
    if (lateMs > this.#latenessMaxMs) this.#latenessMaxMs = lateMs;
    const isLate = lateMs > this.#lateMs;
    if (isLate) this.#late += 1;
    const { device, publisher } = member;
    if (!publisher.hasRoom) {
      this.#heldBack += 1;
      return;
    }
    const ts = isLate ? Math.round(wallMs - lateMs) : wallMs;
    const values = device.sample(ts);
    publisher.publish(
      messageOf(device, ts, values),
      member.topic,
      member.payload.write(ts, values),
    );
  }

  #build(startMs: number): void {
    const { devices, rateHz, connections, clientPrefix, faultsPerHour, warmUpMs } = this.#settings;
    const { random, labels } = this.#parts;
    const order = shuffledOrder(distinctDigitsFor(60 * rateHz), random.fork("digits"));
    const links = Math.min(connections, devices);
    const log = new RateLimitedLog(this.#parts.log, this.#parts.clock);
    for (let i = 0; i < links; i++) {
      this.#publishers.push(this.#publisher(`${clientPrefix}-${i + 1}`, log));
    }
    for (let i = 0; i < devices; i++) {
      const name = publisherName(i);
      const settings = { name, kind: publisherKind(i), faultsPerHour, warmUpMs, startMs };
      const device = new VirtualDevice(settings, order, labels, random);
      const publisher = this.#publishers[i % links];
      if (!publisher) continue;
      const payload = new PayloadWriter(device.tagNames);
      this.#members.push({ device, topic: `plant/${name}`, payload, publisher });
    }
  }

  #publisher(clientId: string, log: RateLimitedLog): MqttPublisher {
    const { host, port, windowMessages } = this.#settings;
    const { ledger, clock, random } = this.#parts;
    return new MqttPublisher(
      { host, port, clientId, windowMessages, connectTimeoutMs: 5000, keepAliveMs: 15_000 },
      { ledger, clock, log, random: random.fork(clientId) },
    );
  }
}

/** What the ledger is told: only tags that have a value. A plain loop, as this runs per message. */
function messageOf(device: VirtualDevice, ts: number, sampled: Float64Array): SentMessage {
  const values: number[] = [];
  for (let i = 0; i < sampled.length; i++) {
    const value = sampled[i] ?? Number.NaN;
    if (value === value) values.push(value);
  }
  const isComplete = values.length === sampled.length;
  const tags = isComplete
    ? device.tagNames
    : device.tagNames.filter((_, index) => !Number.isNaN(sampled[index]));
  return { device: device.name, tags, values, ts };
}
