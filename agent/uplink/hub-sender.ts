/**
 * The edge to Event Hubs: one event to a send, with the lane's partition key.
 *
 * The SDK's own retries are off: it would hold a batch for a minute after a restart of the hub. Its
 * time-outs are not trusted either: a connection that is half-open must cost seconds, so a watchdog
 * ends each send, and what it ended goes again through a new client.
 */
import type { EventData, EventHubProducerClient } from "@azure/event-hubs";
import type { StoredChunk, TrafficClass } from "#agent/buffer/contract.ts";
import { CHUNK_CONTENT_TYPE, packEvent } from "#core/chunk-codec.ts";
import type { Clock } from "#core/clock.ts";
import type { Logger } from "#core/log.ts";
import { outcomeOf, type SendFailure, type SendOutcome } from "./send-failure.ts";

/** What is sent, and how it stands among what is sent else. */
export interface Shipment {
  /** All of one lane and epoch; at least one. */
  chunks: readonly StoredChunk[];
  traffic: TrafficClass;
  /** What is missing in the lane below this seq never comes as backlog; undefined without backlog. */
  owedFrom: number | undefined;
}

export interface Sender {
  /** Never throws. */
  send(shipment: Shipment, signal: AbortSignal): Promise<SendOutcome>;
}

export interface HubSenderOptions {
  makeClient: (timeoutMs: number) => EventHubProducerClient;
  gateway: string;
  sendTimeoutMs: number;
  clock: Clock;
  log: Logger;
}

export const SEND_TIMEOUT_MS = 5000;
/** After failures for this long in a row the client is made anew: its links may be dead for good. */
const RENEW_AFTER_MS = 10_000;
/** A client whose connection is dead may take long to close: it is left to itself after this. */
const CLOSE_MS_MAX = 500;

export class HubSender implements Sender {
  readonly #options: HubSenderOptions;
  #client: EventHubProducerClient | undefined;
  #failingSinceMs: number | undefined;
  renewals = 0;

  constructor(options: HubSenderOptions) {
    this.#options = options;
  }

  async stop(): Promise<void> {
    const { clock } = this.#options;
    const late = clock.sleep(CLOSE_MS_MAX, { name: "closing the uplink" });
    await Promise.race([this.#close(), late]);
  }

  async send(shipment: Shipment, signal: AbortSignal): Promise<SendOutcome> {
    const { clock, sendTimeoutMs } = this.#options;
    const body = packEvent(shipment.chunks.map((chunk) => chunk.line));
    const watchdog = new AbortController();
    const { promise: expired, resolve: expire } = Promise.withResolvers<SendFailure>();
    const timer = clock.after("uplink watchdog", sendTimeoutMs, () => {
      expire(noConfirmation(sendTimeoutMs));
      watchdog.abort();
    });
    const client = this.#connected();
    const either = AbortSignal.any([signal, watchdog.signal]);
    const outcome = await Promise.race([this.#try(client, shipment, body, either), expired]);
    timer.cancel();
    if (outcome.kind === "failed") this.#renewWhenStuck(client, outcome);
    else this.#failingSinceMs = undefined;
    return outcome;
  }

  async #try(
    client: EventHubProducerClient,
    shipment: Shipment,
    body: Buffer,
    abortSignal: AbortSignal,
  ): Promise<SendOutcome> {
    try {
      const partitionKey = `${this.#options.gateway}/${shipment.chunks[0]?.lane}`;
      const batch = await client.createBatch({ partitionKey, abortSignal });
      if (!batch.tryAdd(this.#event(shipment, body))) return { kind: "too-large" };
      await client.sendBatch(batch, { abortSignal });
      return { kind: "sent", bytes: body.length };
    } catch (error) {
      return outcomeOf(error);
    }
  }

  #event({ chunks, traffic, owedFrom }: Shipment, body: Buffer): EventData {
    const { gateway } = this.#options;
    const [first] = chunks;
    const identity = { gateway, epoch: first?.epoch, lane: first?.lane, seq: first?.seq };
    return {
      body,
      contentType: CHUNK_CONTENT_TYPE,
      properties: {
        ...identity,
        chunks: chunks.length,
        ...(traffic === "backlog" && { backlog: true }),
        ...(owedFrom !== undefined && { owedFrom }),
      },
    };
  }

  #connected(): EventHubProducerClient {
    this.#client ??= this.#options.makeClient(this.#options.sendTimeoutMs);
    return this.#client;
  }

  /** Sends of other lanes through the old client fail, or end by their own watchdogs. */
  #renewWhenStuck(client: EventHubProducerClient, { code }: SendFailure): void {
    if (client !== this.#client) return;
    const nowMs = this.#options.clock.monotonic();
    this.#failingSinceMs ??= nowMs;
    const isStuck = nowMs - this.#failingSinceMs >= RENEW_AFTER_MS;
    if (code !== "UPLINK_TIMEOUT" && !isStuck) return;
    this.#failingSinceMs = undefined;
    this.renewals += 1;
    void this.#close();
  }

  async #close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    try {
      await client?.close();
    } catch (error) {
      this.#options.log.debug({ err: error }, "closing the uplink");
    }
  }
}

function noConfirmation(timeoutMs: number): SendFailure {
  const reason = `no confirmation within ${timeoutMs} ms`;
  return { kind: "failed", code: "UPLINK_TIMEOUT", reason, isAboutEvent: false };
}
