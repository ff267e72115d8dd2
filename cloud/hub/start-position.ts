/**
 * Where a reader begins: the selector filter that Event Hubs clients send, e.g.
 * `amqp.annotation.x-opt-offset > '12345'`.
 */
import { isTyped, plain } from "./amqp/codec.ts";
import type { AmqpError } from "./amqp/frames.ts";
import type { HubLog } from "./log/hub-log.ts";

export type StartPosition =
  | { kind: "earliest" }
  | { kind: "latest" }
  | { kind: "offset"; offset: number; inclusive: boolean }
  | { kind: "sequence"; sequenceNumber: number; inclusive: boolean }
  | { kind: "time"; timeMs: number; inclusive: boolean };

export type PositionVerdict =
  | { kind: "position"; position: StartPosition }
  | { kind: "refused"; error: AmqpError };

const SELECTOR_FILTER = "apache.org:selector-filter:string";
const SELECTOR =
  /^\s*amqp\.annotation\.x-opt-(offset|sequence-number|enqueued-time)\s*(>=?)\s*'?([^']{0,64}?)'?\s*$/;

function refused(condition: string, description: string): PositionVerdict {
  return { kind: "refused", error: { condition, description } };
}

function invalidPosition(description: string): PositionVerdict {
  return refused("com.microsoft:argument-error", description);
}

/** Reads the position from a source's filter map. */
export function startPositionOf(filter: ReadonlyMap<string, unknown>): PositionVerdict {
  const entry = filter.get(SELECTOR_FILTER);
  if (entry === undefined || entry === null) {
    return { kind: "position", position: { kind: "earliest" } };
  }
  const value = isTyped(entry) ? plain(entry) : entry;
  const text = isTyped(value) ? String(value.value) : String(value);
  const match = SELECTOR.exec(text);
  if (!match) {
    return refused("amqp:invalid-field", `The filter '${text.slice(0, 200)}' is not supported.`);
  }
  const [, field = "", operator = "", bound = ""] = match;
  return positionOf(field, operator === ">=", bound);
}

function positionOf(field: string, inclusive: boolean, bound: string): PositionVerdict {
  if (field === "offset" && bound === "@latest") {
    return { kind: "position", position: { kind: "latest" } };
  }
  if (field === "offset" && bound === "-1") {
    return { kind: "position", position: { kind: "earliest" } };
  }
  if (!/^-?\d{1,16}$/.test(bound)) return invalidPosition(`The position '${bound}' is invalid.`);
  const value = Number(bound);
  switch (field) {
    case "offset":
      return { kind: "position", position: { kind: "offset", offset: value, inclusive } };
    case "sequence-number":
      return { kind: "position", position: { kind: "sequence", sequenceNumber: value, inclusive } };
    default:
      return { kind: "position", position: { kind: "time", timeMs: value, inclusive } };
  }
}

/** Refuses a position behind the partition's end, as the service does. */
export function positionError(
  log: HubLog,
  partition: number,
  at: StartPosition,
): AmqpError | undefined {
  const condition = "com.microsoft:argument-error";
  const { nextSeq, lastOffset } = log.partition(partition);
  if (at.kind === "sequence" && at.sequenceNumber > nextSeq - (at.inclusive ? 0 : 1)) {
    const description = `The supplied sequence number '${at.sequenceNumber}' is invalid. The last sequence number in the system is '${nextSeq - 1}'`;
    return { condition, description };
  }
  if (at.kind === "offset" && at.offset >= 0 && at.offset > lastOffset) {
    const description = `The supplied offset '${at.offset}' is invalid. The last offset in the system is '${lastOffset}'`;
    return { condition, description };
  }
  return undefined;
}

/** The first sequence number to deliver; rejects when the disk cannot be read. */
export async function firstSequence(
  log: HubLog,
  partition: number,
  at: StartPosition,
): Promise<number> {
  switch (at.kind) {
    case "earliest":
      return log.firstSeq(partition);
    case "latest":
      return log.partition(partition).nextSeq;
    case "sequence":
      return Math.max(at.sequenceNumber + (at.inclusive ? 0 : 1), 0);
    case "time":
      return log.seqOfTime(partition, at.timeMs, at.inclusive);
    case "offset":
      return log.seqOfOffset(partition, at.offset, at.inclusive);
    default:
      return at satisfies never;
  }
}
