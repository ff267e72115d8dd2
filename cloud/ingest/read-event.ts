/**
 * From an event as the SDK gives it to a delivery. Nothing in an event is trusted: what cannot be
 * read is poison, with the reason, and never an exception.
 */
import type { ReceivedEventData } from "@azure/event-hubs";
import type { AlarmTransition } from "#core/alarm.ts";
import type { ChunkContent, ChunkId, GapRecord } from "#core/chunk.ts";
import { type ReceivedChunk, unpackEvent } from "#core/chunk-codec.ts";
import { type ErrorCode, messageOf, PenstockError } from "#core/errors.ts";
import { GATEWAY_DEVICE, isOwnGateway, STREAM_TAG } from "#core/own-names.ts";
import { TS_MAX } from "../rollup/window.ts";
import type { Delivery, DeliveryContent } from "../store/contract.ts";

/** Names become keys of tables and maps. */
const NAME_LENGTH_MAX = 256;
const REASON_LENGTH_MAX = 1000;
const ALARM_TEXT_MAX = 16_384;

export function readEvent(event: ReceivedEventData): Delivery {
  const body = bodyOf(event.body);
  return {
    position: { sequenceNumber: event.sequenceNumber, offset: event.offset },
    enqueuedAtMs: timeOf(event.enqueuedTimeUtc),
    body: body ?? Buffer.alloc(0),
    content: body ? readBody(body) : poison("CHUNK_MALFORMED", "the body is no binary data"),
    ...readMarks(event.properties),
  };
}

/** How the event stands among others of its lane; events of older agents do not tell. */
function readMarks(
  properties: ReceivedEventData["properties"],
): Pick<Delivery, "isBacklog" | "owedFrom"> {
  const owedFrom: unknown = properties?.["owedFrom"];
  return {
    ...(properties?.["backlog"] === true && { isBacklog: true }),
    ...(typeof owedFrom === "number" && owedFrom >= 0 && { owedFrom }),
  };
}

/** A hub that tells no time must not stop the partition: the event counts as of 1970. */
function timeOf(enqueued: Date | undefined): number {
  const ms = enqueued?.getTime() ?? 0;
  return Number.isFinite(ms) ? ms : 0;
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

/** A reason may quote what was received, and goes into a database itself. */
function poison(code: ErrorCode, reason: string): DeliveryContent {
  const text = reason.slice(0, REASON_LENGTH_MAX).toWellFormed().replaceAll("\0", "\ufffd");
  return { kind: "poison", code, reason: text };
}

function faultOf(chunks: readonly ReceivedChunk[]): string | undefined {
  const [first] = chunks;
  if (first === undefined) return "the body holds no chunk";
  if (!isName(first.id.gateway) || !isName(first.id.epoch)) {
    return "a gateway's or an epoch's name is too long, or no proper text";
  }
  if (isOwnGateway(first.id.gateway)) {
    return `the gateway calls itself ${first.id.gateway}: the sink's own alarms stand under that name`;
  }
  for (const { id, content } of chunks) {
    if (!isSameLane(id, first.id)) return "the chunks of one event are of several lanes";
    const fault = faultOfContent(content);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultOfContent(content: ChunkContent): string | undefined {
  switch (content.kind) {
    case "readings":
      return faultOfBlocks(content.blocks);
    case "meta":
      for (const { device, tag } of content.series) {
        if (!isName(device) || !isName(tag)) return "a described series' name is no proper text";
      }
      return undefined;
    case "alarm":
      return faultOfAlarms(content.transitions);
    case "gap":
      return faultOfGaps(content.gaps);
  }
}

/** What they say is kept with each state, entry and notice, so its length counts many times. */
function faultOfAlarms(transitions: readonly AlarmTransition[]): string | undefined {
  for (const { id, device, tag, rule, message, unit = "", feature = "" } of transitions) {
    if (![id, device, tag, rule, unit, feature].every(isName)) {
      return "a name in an alarm is too long, or no proper text";
    }
    if (message.length > ALARM_TEXT_MAX || !isText(message)) {
      return "an alarm's message is too long, or no proper text";
    }
    if (device === GATEWAY_DEVICE && tag === STREAM_TAG) {
      return `the gateway tells of an alarm of ${device} ${tag}: such are the sink's to raise`;
    }
  }
  return undefined;
}

function faultOfGaps(gaps: readonly GapRecord[]): string | undefined {
  for (const { epoch, fromSeq = 0, toSeq = fromSeq, reason } of gaps) {
    if (toSeq < fromSeq) return `a gap from ${fromSeq} to ${toSeq} ends before it begins`;
    if (epoch !== undefined && !isName(epoch)) return "a gap's epoch is no proper text";
    if (!isText(reason)) return "a gap's reason is no proper text";
  }
  return undefined;
}

/** Half a surrogate pair, or a NUL, would come back from a database as another name. */
function isName(text: string): boolean {
  return text.length <= NAME_LENGTH_MAX && isText(text);
}

function isText(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

function isSameLane(a: ChunkId, b: ChunkId): boolean {
  return a.gateway === b.gateway && a.epoch === b.epoch && a.lane === b.lane;
}

function faultOfBlocks(
  blocks: readonly { device: string; tags: readonly string[]; ts: readonly number[] }[],
): string | undefined {
  for (const { device, tags, ts } of blocks) {
    if (!isName(device)) return "a device's name is too long, or no proper text";
    for (const tag of tags) if (!isName(tag)) return "a tag's name is too long, or no proper text";
    for (const at of ts) if (!(Math.abs(at) <= TS_MAX)) return `the time ${at} is no date`;
  }
  return undefined;
}
