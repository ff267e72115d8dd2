/**
 * Publishes notices on a broker with QoS 1, each over a connection of its own: a connection that
 * was idle for days may be dead without saying so.
 */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { IClientOptions, MqttClient } from "mqtt";
import type { Notice } from "../alarms/contract.ts";
import { isAbort, messageOf } from "../errors.ts";
import { boundedNotice } from "./bounded-notice.ts";
import { DeliveryFailed, type Notifier } from "./contract.ts";
import { mqttMessagesOf } from "./mqtt-message.ts";
import type { MqttChannel } from "./recipient.ts";

const CONNECT_MS_MAX = 10_000;

export class MqttNotifier implements Notifier {
  readonly kind = "mqtt";
  readonly #channel: MqttChannel;

  constructor(channel: MqttChannel) {
    this.#channel = channel;
  }

  async deliver(notice: Notice, signal: AbortSignal): Promise<void> {
    try {
      await this.#publish(boundedNotice(notice), signal);
    } catch (error) {
      if (signal.aborted || isAbort(error)) throw error;
      const { host } = new URL(this.#channel.url);
      const text = `the MQTT broker ${host} did not take it: ${messageOf(error)}`;
      throw new DeliveryFailed(text, { isTransient: true, cause: error });
    }
  }

  async #publish(notice: Notice, signal: AbortSignal): Promise<void> {
    const options = await this.#options();
    // A gateway that publishes no notices need not hold it in memory.
    const { connect } = await import("mqtt");
    const client = connect(this.#channel.url, options);
    const ended = endOf(client, signal);
    try {
      await Promise.race([connected(client), ended]);
      for (const { topic, payload, retain } of mqttMessagesOf(notice, this.#channel)) {
        await Promise.race([client.publishAsync(topic, payload, { qos: 1, retain }), ended]);
      }
    } finally {
      client.end();
    }
  }

  async #options(): Promise<IClientOptions> {
    const { protocol, user, password, ca } = this.#channel;
    return {
      protocolVersion: protocol,
      // 23 characters are what every broker takes (MQTT 3.1.1, section 3.1.3.1).
      clientId: `penstock-${randomUUID().slice(0, 13)}`,
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: CONNECT_MS_MAX,
      ...(ca !== undefined && { ca: await readFile(ca) }),
      ...(user !== undefined && { username: user }),
      ...(password !== undefined && { password }),
    };
  }
}

async function connected(client: MqttClient): Promise<void> {
  await new Promise<void>((resolve) => {
    client.once("connect", () => resolve());
  });
}

/** Rejects with the reason when the connection is over; never resolves. */
function endOf(client: MqttClient, signal: AbortSignal): Promise<never> {
  const ended = new Promise<never>((_, reject) => {
    const onAbort = (): void => {
      client.end(true);
      reject(signal.reason);
    };
    client.on("error", reject);
    client.on("close", () => {
      signal.removeEventListener("abort", onAbort);
      reject(new Error("the connection was closed"));
    });
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
  // The end after all is said is no failure, and nobody waits for it then.
  ended.catch(() => {});
  return ended;
}
