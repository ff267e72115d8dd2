/**
 * The edge to Event Hubs: one event to a send, with the lane's partition key. Whether a failure is
 * worth another try is decided here and nowhere else.
 *
 * The SDK's own retries are off: it would hold a batch for a minute after a restart of the hub.
 * The partition key belongs to a batch, not to an event, so each lane has its own sends.
 */
import { type EventData, type EventDataBatch, EventHubProducerClient } from "@azure/event-hubs";
import type { StoredChunk } from "#agent/buffer/contract.ts";
import { CHUNK_CONTENT_TYPE, packEvent } from "#core/chunk-codec.ts";
import type { Clock } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import type { Logger } from "#core/log.ts";

export type SendOutcome =
  | { kind: "sent"; bytes: number }
  /** The hub takes no message of this size: send less at once. */
  | { kind: "too-large" }
  | { kind: "failed"; reason: string };

export interface HubSenderOptions {
  connectionString: string;
  hub: string;
  gateway: string;
  clock: Clock;
  log: Logger;
}

/** No answer for this long: the connection is half-open, or the hub is gone. */
const SEND_TIMEOUT_MS = 5000;
/** After failures for this long in a row the client is made anew: its links may be dead for good. */
const RENEW_AFTER_MS = 10_000;

export class HubSender {
  readonly #options: HubSenderOptions;
  #client: EventHubProducerClient | undefined;
  #failingSinceMs: number | undefined;
  renewals = 0;

  constructor(options: HubSenderOptions) {
    this.#options = options;
  }

  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.close().catch((error: unknown) => {
      this.#options.log.debug({ err: error }, "closing the uplink");
    });
  }

  /** Sends the chunks, all of one lane and epoch, as one event. Never throws. */
  async send(chunks: readonly StoredChunk[], signal: AbortSignal): Promise<SendOutcome> {
    const first = chunks[0];
    if (!first) return { kind: "sent", bytes: 0 };
    const body = packEvent(chunks.map((chunk) => chunk.line));
    try {
      const client = this.#connected();
      const batch = await this.#newBatch(client, first.lane, signal);
      if (!batch.tryAdd(this.#event(chunks, first, body))) return { kind: "too-large" };
      await client.sendBatch(batch, { abortSignal: signal });
      this.#failingSinceMs = undefined;
      return { kind: "sent", bytes: body.length };
    } catch (error) {
      await this.#renewWhenStuck();
      return { kind: "failed", reason: reasonOf(error) };
    }
  }

  async #newBatch(
    client: EventHubProducerClient,
    lane: number,
    abortSignal: AbortSignal,
  ): Promise<EventDataBatch> {
    const partitionKey = `${this.#options.gateway}/${lane}`;
    return client.createBatch({ partitionKey, abortSignal });
  }

  #event(chunks: readonly StoredChunk[], first: StoredChunk, body: Buffer): EventData {
    const { epoch, lane, seq } = first;
    return {
      body,
      contentType: CHUNK_CONTENT_TYPE,
      properties: { gateway: this.#options.gateway, epoch, lane, seq, chunks: chunks.length },
    };
  }

  #connected(): EventHubProducerClient {
    const { connectionString, hub } = this.#options;
    this.#client ??= new EventHubProducerClient(connectionString, hub, {
      retryOptions: { maxRetries: 0, timeoutInMs: SEND_TIMEOUT_MS },
    });
    return this.#client;
  }

  async #renewWhenStuck(): Promise<void> {
    const nowMs = this.#options.clock.monotonic();
    this.#failingSinceMs ??= nowMs;
    if (nowMs - this.#failingSinceMs < RENEW_AFTER_MS) return;
    this.#failingSinceMs = undefined;
    this.renewals += 1;
    await this.stop();
  }
}

/** The SDK's errors name their AMQP condition in `code`; an AggregateError may have no message. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? `${String(error.code)}: ` : "";
  return `${code}${messageOf(error)}`;
}
