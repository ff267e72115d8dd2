/**
 * The host's own state (Sparkplug 3.0.0, section 6.4.1): retained JSON on its STATE topic, online
 * while it listens. Nodes that name it as their primary host send only then. Birth and will carry
 * one time, by which a node tells a late will from a fresh one.
 */
import { stateTopic } from "./topic.ts";

export type Publish = (
  topic: string,
  payload: Uint8Array,
  options: { qos: 0 | 1; retain: boolean },
) => void;

export class HostState {
  readonly topic: string;
  readonly #wallMs: () => number;
  readonly #publish: Publish;
  #isOnline = false;

  constructor(hostId: string, wallMs: () => number, publish: Publish) {
    this.topic = stateTopic(hostId);
    this.#wallMs = wallMs;
    this.#publish = publish;
  }

  /** What the broker is to say when the connection that begins now is lost. */
  will(bornAtMs: number): { topic: string; payload: Buffer; qos: 1; retain: true } {
    return { topic: this.topic, payload: stateOf(false, bornAtMs), qos: 1, retain: true };
  }

  /** @param bornAtMs the time of the will, where there is one */
  born(bornAtMs = this.#wallMs()): void {
    this.#isOnline = true;
    this.#publish(this.topic, stateOf(true, bornAtMs), { qos: 1, retain: true });
  }

  died(): void {
    if (!this.#isOnline) return;
    this.#isOnline = false;
    this.#publish(this.topic, stateOf(false, this.#wallMs()), { qos: 1, retain: true });
  }

  /** The connection is gone, and the broker says the will. */
  lost(): void {
    this.#isOnline = false;
  }

  /**
   * True for a message on this host's own topic. The late will of a connection before this one, or
   * a second host of the same name, must not leave the nodes thinking that nobody listens.
   */
  heard(topic: string, payload: Uint8Array): boolean {
    if (topic !== this.topic) return false;
    const text = Buffer.from(payload).toString();
    if (this.#isOnline && /"online"\s*:\s*false/.test(text)) this.born();
    return true;
  }
}

function stateOf(online: boolean, timestampMs: number): Buffer {
  return Buffer.from(JSON.stringify({ online, timestamp: Math.trunc(timestampMs) }));
}
