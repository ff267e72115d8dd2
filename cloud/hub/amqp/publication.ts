/**
 * What an idempotent producer writes on its events, as the SDK does: who it is, by which owner level
 * it publishes, and its own count of its events in the partition.
 */
import { annotationInteger, type MessageShape } from "./message-sections.ts";

export const PRODUCER_ID = "com.microsoft:producer-id";
export const PRODUCER_EPOCH = "com.microsoft:producer-epoch";
export const PRODUCER_SEQUENCE = "com.microsoft:producer-sequence-number";

/** Consecutive events of one producer in one partition. */
export interface Publication {
  producerId: number;
  epoch: number;
  /** The producer's own numbers, not the partition's. */
  first: number;
  last: number;
}

/** Of a delivery whose first message has this shape; `undefined` when it is not so marked. */
export function readPublication(
  bytes: Buffer,
  shape: MessageShape,
  count: number,
): Publication | undefined {
  const numberOf = (key: string): number | undefined => annotationInteger(bytes, shape, key);
  const producerId = numberOf(PRODUCER_ID);
  const epoch = numberOf(PRODUCER_EPOCH);
  const first = numberOf(PRODUCER_SEQUENCE);
  if (producerId === undefined || epoch === undefined || first === undefined) return undefined;
  return { producerId, epoch, first, last: first + count - 1 };
}
