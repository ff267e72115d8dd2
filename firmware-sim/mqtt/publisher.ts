/**
 * A device gateway that publishes with QoS 1 and keeps what is not acknowledged.
 *
 * - A message is told to the ledger (`sent`) before its first byte can reach the broker, and again
 *   (`acknowledged`) when its PUBACK is there. Nothing else takes it out of the window.
 * - After a lost connection, messages that may have arrived go again, byte-identical but for the
 *   DUP flag, in their order; then those that never went.
 */
import { generate } from "mqtt-packet";
import { backOff } from "#core/back-off.ts";
import type { Clock } from "#core/clock.ts";
import type { RateLimitedLog } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import type { LedgerWriter, SentMessage } from "../ledger/contract.ts";
import { type LinkSettings, MqttLink } from "./link.ts";
import { markRepeated, type Outgoing, Window } from "./window.ts";

export interface PublisherSettings extends LinkSettings {
  /** Unacknowledged messages at which the devices of this connection stop producing. */
  windowMessages: number;
}

export interface PublisherParts {
  ledger: LedgerWriter;
  clock: Clock;
  random: Random;
  /** Shared by all connections: a broker that goes takes all of them with it. */
  log: RateLimitedLog;
}

/** Cumulative. */
export interface PublisherCounters {
  sent: number;
  acknowledged: number;
  /** Copies of messages that were sent before. */
  repeated: number;
  /** PUBACKs for which no written message waits: the broker has answered both copies. */
  strayAcknowledgements: number;
  connects: number;
  disconnects: number;
}

const RECONNECT = { firstMs: 100, maxMs: 3000 };

export class MqttPublisher {
  readonly counters: PublisherCounters = {
    sent: 0,
    acknowledged: 0,
    repeated: 0,
    strayAcknowledgements: 0,
    connects: 0,
    disconnects: 0,
  };
  readonly #settings: PublisherSettings;
  readonly #parts: PublisherParts;
  readonly #window: Window;
  /** Messages in the window that no socket has seen yet. */
  #unwritten: Outgoing[] = [];
  #link: MqttLink | undefined;
  #delays: Generator<number, never, void>;
  #reconnectAtMs = Number.POSITIVE_INFINITY;
  #isStopping = false;
  #whenClosed: (() => void) | undefined;

  constructor(settings: PublisherSettings, parts: PublisherParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#window = new Window(settings.windowMessages);
    this.#delays = backOff(RECONNECT, parts.random);
  }

  get isOnline(): boolean {
    return this.#link?.isOnline ?? false;
  }

  /** A connection is being opened. */
  get isConnecting(): boolean {
    return this.#link?.isOnline === false;
  }

  get unacknowledged(): number {
    return this.#window.size;
  }

  /** False while the window is full: its devices must hold back. */
  get hasRoom(): boolean {
    return !this.#window.isFull;
  }

  start(): void {
    this.#isStopping = false;
    this.#open();
  }

  /** Takes a message; it goes out at the next `flush`, or when a connection is there. */
  publish(message: SentMessage, topic: string, payload: string): void {
    const id = this.#window.nextId();
    const packet = generate({
      cmd: "publish",
      qos: 1,
      dup: false,
      retain: false,
      messageId: id,
      topic,
      payload,
    });
    const outgoing: Outgoing = { id, packet, message, isWritten: false };
    this.#window.add(outgoing);
    const link = this.#link;
    if (link?.isOnline && this.#unwritten.length === 0 && !link.isCongested) {
      this.#write(link, outgoing);
    } else {
      this.#unwritten.push(outgoing);
    }
  }

  /** Sends what was published since the last call, in one write. */
  flush(): void {
    this.#link?.flush();
  }

  /** Deadlines and reconnects; `nowMs` on the monotonic scale. */
  tick(nowMs: number): void {
    this.#link?.tick(nowMs);
    if (!this.#link && nowMs >= this.#reconnectAtMs) this.#open();
  }

  /** Ends the connection; resolves when it is closed. Unacknowledged messages are forgotten. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#reconnectAtMs = Number.POSITIVE_INFINITY;
    const link = this.#link;
    if (!link) return;
    const closed = new Promise<void>((resolve) => {
      this.#whenClosed = resolve;
    });
    const impatience = this.#parts.clock.after("mqtt device stop", 1000, () => {
      link.destroy("the broker did not close in time");
    });
    link.end();
    await closed;
    impatience.cancel();
  }

  /** Cuts the connection without a word, as a pulled cable does. */
  cut(): void {
    this.#link?.destroy("cut on purpose");
  }

  #open(): void {
    this.#reconnectAtMs = Number.POSITIVE_INFINITY;
    this.#link = new MqttLink(
      this.#settings,
      {
        online: () => this.#resume(),
        acknowledged: (id) => this.#acknowledged(id),
        drained: () => {
          this.#writeWaiting();
          this.flush();
        },
        closed: (reason) => this.#closed(reason),
      },
      this.#parts.clock,
    );
  }

  #resume(): void {
    this.counters.connects += 1;
    this.#delays = backOff(RECONNECT, this.#parts.random);
    for (const outgoing of this.#window.all()) {
      if (!outgoing.isWritten) continue;
      markRepeated(outgoing);
      this.#link?.write(outgoing.packet);
      this.counters.repeated += 1;
    }
    this.#writeWaiting();
    this.flush();
  }

  #writeWaiting(): void {
    const link = this.#link;
    if (!link?.isOnline || this.#unwritten.length === 0) return;
    const waiting = this.#unwritten;
    this.#unwritten = [];
    for (const outgoing of waiting) this.#write(link, outgoing);
  }

  #write(link: MqttLink, outgoing: Outgoing): void {
    outgoing.isWritten = true;
    this.counters.sent += 1;
    this.#parts.ledger.sent(outgoing.message);
    link.write(outgoing.packet);
  }

  #acknowledged(id: number): void {
    const outgoing = this.#window.acknowledge(id);
    if (!outgoing) {
      this.counters.strayAcknowledgements += 1;
      return;
    }
    this.counters.acknowledged += 1;
    this.#parts.ledger.acknowledged(outgoing.message);
  }

  #closed(reason: string): void {
    this.#link = undefined;
    this.counters.disconnects += 1;
    if (this.#isStopping) {
      this.#whenClosed?.();
      return;
    }
    const delayMs = this.#delays.next().value;
    this.#reconnectAtMs = this.#parts.clock.monotonic() + delayMs;
    this.#parts.log.warn(
      "connection",
      { clientId: this.#settings.clientId, reason },
      "broker lost",
    );
  }
}
