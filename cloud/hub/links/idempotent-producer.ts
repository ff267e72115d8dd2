/**
 * Idempotent publishing, as the SDK's `enableIdempotentRetries` asks for it: a producer has an id, an
 * owner level and a count of its events in one partition. What it sends again, because a confirmation
 * was lost, is confirmed and not stored a second time.
 */
import { randomInt } from "node:crypto";
import { type Typed, types } from "../amqp/codec.ts";
import type { AmqpError } from "../amqp/frames.ts";
import type { Attach } from "../amqp/performatives.ts";
import { PRODUCER_EPOCH, PRODUCER_ID, PRODUCER_SEQUENCE } from "../amqp/publication.ts";
import type { ProducerBook, PublicationVerdict } from "../log/producer-book.ts";

export const IDEMPOTENT_PRODUCER = "com.microsoft:idempotent-producer";
const PRODUCER_ID_MAX = 2 ** 31;

export type ProducerClaim =
  | { kind: "granted"; properties: Readonly<Record<string, Typed>> }
  | { kind: "refused"; error: AmqpError; properties?: undefined };

/** Lets the producer in, under the id it names or a new one, with what is known of it. */
export function claimProducer(
  producers: ProducerBook,
  partition: number | undefined,
  { properties }: Attach,
): ProducerClaim {
  if (partition === undefined) {
    const description = "Idempotent publishing needs a partition of its own.";
    return { kind: "refused", error: { condition: "amqp:not-allowed", description } };
  }
  const numberOf = (key: string): number | undefined => {
    const value = properties.get(key);
    return typeof value === "number" ? value : undefined;
  };
  const producerId = numberOf(PRODUCER_ID) ?? randomInt(1, PRODUCER_ID_MAX);
  const known = producers.find(partition, producerId);
  const epoch = numberOf(PRODUCER_EPOCH) ?? known?.epoch ?? 0;
  if (known && epoch < known.epoch) return { kind: "refused", error: refusalOf("stolen") };
  // The producer's own count is given back: it may lie behind ours by what it will now send again.
  const last = numberOf(PRODUCER_SEQUENCE) ?? known?.last ?? 0;
  producers.claim(partition, [producerId, epoch, last]);
  return {
    kind: "granted",
    properties: {
      [PRODUCER_ID]: types.wrap_long(producerId),
      [PRODUCER_EPOCH]: types.wrap_short(epoch),
      [PRODUCER_SEQUENCE]: types.wrap_int(last),
    },
  };
}

/** Why a delivery of an idempotent producer is not stored. */
export function refusalOf(
  verdict: Exclude<PublicationVerdict, "next" | "stored"> | "unmarked",
): AmqpError {
  switch (verdict) {
    case "unmarked":
      return {
        condition: "amqp:not-allowed",
        description: "The events do not tell their producer and its count of them.",
      };
    case "under way":
      return {
        condition: "com.microsoft:server-busy",
        description: "The same events are being stored.",
      };
    case "out of order":
      return {
        condition: "com.microsoft:out-of-order-sequence",
        description: "The producer's events before these have not come.",
      };
    case "stolen":
      return {
        condition: "com.microsoft:producer-epoch-stolen",
        description: "A producer of the same id with a higher epoch has taken over.",
      };
  }
}
