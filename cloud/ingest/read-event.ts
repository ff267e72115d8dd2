/**
 * From an event as the SDK gives it to a delivery. Nothing in an event is trusted: what cannot be
 * read is poison, with the reason, and never an exception.
 */
import type { ReceivedEventData } from "@azure/event-hubs";
import type { ChunkId } from "#core/chunk.ts";
import { type ReceivedChunk, unpackEvent } from "#core/chunk-codec.ts";
import { type ErrorCode, messageOf, PenstockError } from "#core/errors.ts";
import { TS_MAX } from "../rollup/window.ts";
import type { Delivery, DeliveryContent } from "../store/contract.ts";

/** Names become keys of tables and maps. */
const NAME_LENGTH_MAX = 256;
const REASON_LENGTH_MAX = 1000;

export function readEvent(event: ReceivedEventData): Delivery {
  const body = bodyOf(event.body);
  return {
    position: { sequenceNumber: event.sequenceNumber, offset: event.offset },
    enqueuedAtMs: event.enqueuedTimeUtc.getTime(),
    body: body ?? Buffer.alloc(0),
    content: body ? readBody(body) : poison("CHUNK_MALFORMED", "the body is no binary data"),
  };
}

/** With `skipParsingBodyAsJson` a data section comes as a Buffer. */
function bodyOf(body: unknown): Uint8Array | undefined {
  return body instanceof Uint8Array ? body : undefined;
}

export function readBody(body: Uint8Array): DeliveryContent {
  try {
    const chunks = unpackEvent(body);
    const fault = faultOf(chunks);
    return fault === undefined ? { kind: "chunks", chunks } : poison("CHUNK_MALFORMED", fault);
  } catch (error) {
    // Whatever a parser throws on foreign bytes, also a stack overflow, is the bytes' fault.
    const code = error instanceof PenstockError ? error.code : "CHUNK_MALFORMED";
    return poison(code, messageOf(error));
  }
}

function poison(code: ErrorCode, reason: string): DeliveryContent {
  return { kind: "poison", code, reason: reason.slice(0, REASON_LENGTH_MAX) };
}

function faultOf(chunks: readonly ReceivedChunk[]): string | undefined {
  const [first] = chunks;
  if (first === undefined) return "the body holds no chunk";
  if (first.id.gateway.length > NAME_LENGTH_MAX || first.id.epoch.length > NAME_LENGTH_MAX) {
    return "a gateway's or an epoch's name is too long";
  }
  for (const { id, content } of chunks) {
    if (!isSameLane(id, first.id)) return "the chunks of one event are of several lanes";
    const fault = content.kind === "readings" ? faultOfBlocks(content.blocks) : undefined;
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function isSameLane(a: ChunkId, b: ChunkId): boolean {
  return a.gateway === b.gateway && a.epoch === b.epoch && a.lane === b.lane;
}

function faultOfBlocks(
  blocks: readonly { device: string; tags: readonly string[]; ts: readonly number[] }[],
): string | undefined {
  for (const { device, tags, ts } of blocks) {
    if (device.length > NAME_LENGTH_MAX) return "a device's name is too long";
    for (const tag of tags) if (tag.length > NAME_LENGTH_MAX) return "a tag's name is too long";
    for (const at of ts) if (!(Math.abs(at) <= TS_MAX)) return `the time ${at} is no date`;
  }
  return undefined;
}
