/** Dead letters as both databases give them: rows whose columns have the same names. */
import type { DeadLetter, ParkedEvent } from "./contract.ts";

type Row = Record<string, unknown>;

export function toDeadLetter(row: Row): DeadLetter {
  return {
    id: Number(row["id"]),
    hub: String(row["hub"]),
    partition: String(row["partition"]),
    position: { sequenceNumber: Number(row["sequence_number"]), offset: String(row["offset"]) },
    enqueuedAtMs: Number(row["enqueued_at"]),
    code: String(row["code"]),
    reason: String(row["reason"]),
    bytes: Number(row["bytes"]),
  };
}

/** With the hub's columns besides. */
export function toParkedEvent(row: Row): ParkedEvent {
  const { body } = row;
  if (!(body instanceof Uint8Array)) throw new TypeError("a dead letter without a body");
  const letter = toDeadLetter(row);
  const scope = {
    namespace: String(row["namespace"]),
    hub: letter.hub,
    consumerGroup: String(row["consumer_group"]),
    incarnation: Number(row["incarnation"]),
  };
  return { ...letter, scope, body };
}
