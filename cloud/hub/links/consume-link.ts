/**
 * Hub to client: reads the partition's log and writes presettled transfer frames straight into the
 * socket's buffer.
 *
 * Invariants: never more deliveries than the client's credit, never more frames than its window, and
 * at most UNSENT_BYTES_MAX waiting in the socket, so a stuck consumer costs no memory. Per reader
 * there is one sequence number and one block, which all readers share.
 */

import { messageOf } from "#core/errors.ts";
import { encodeValue, types } from "../amqp/codec.ts";
import type { AmqpError } from "../amqp/frames.ts";
import { type Attach, creditAfter, type Flow } from "../amqp/performatives.ts";
import type { EventHub } from "../event-hub.ts";
import type { HubCounters } from "../hub-counters.ts";
import { BLOCK_HEAD_BYTES, EVENT_HEAD_BYTES } from "../log/block.ts";
import type { StoredBlock } from "../log/hub-log.ts";
import type { GroupReader, ReaderGroup } from "../reader-group.ts";
import { firstSequence, type StartPosition } from "../start-position.ts";
import type { Link, LinkSession } from "./link.ts";
import { frameCount, TransferWriter } from "./transfer-writer.ts";

const UNSENT_BYTES_MAX = 1024 * 1024;
/** One turn of a reader; others get theirs before it goes on. */
const TURN_BYTES_MAX = 1024 * 1024;
export const RUNTIME_METRIC = "com.microsoft:enable-receiver-runtime-metric";
const DELIVERY_ANNOTATIONS = 0x71;
const NOTHING = Buffer.alloc(0);

export interface ConsumeLinkOptions {
  session: LinkSession;
  attach: Attach;
  hub: EventHub;
  group: ReaderGroup;
  partition: number;
  name: string;
  ownerLevel: number | undefined;
  start: StartPosition;
  wantsMetrics: boolean;
  counters: HubCounters;
  now: () => number;
  claimError: (nowMs: number) => AmqpError | undefined;
}

/** A block being delivered: where in it the next event lies. */
interface Cursor {
  block: StoredBlock;
  at: number;
}

export class ConsumeLink implements Link, GroupReader {
  readonly handle: number;
  readonly name: string;
  readonly ownerLevel: number | undefined;
  readonly #options: ConsumeLinkOptions;
  #nextSeq = 0;
  #cursor: Cursor | undefined;
  #credit = 0;
  #deliveryCount = 0;
  #isLoading = true;
  #hasTurnComing = false;
  #hasEnded = false;

  constructor(options: ConsumeLinkOptions) {
    this.#options = options;
    this.handle = options.attach.handle;
    this.name = options.name;
    this.ownerLevel = options.ownerLevel;
  }

  get nextSeq(): number {
    return this.#nextSeq;
  }

  start(): void {
    const { session, attach, hub, group, partition, wantsMetrics } = this.#options;
    session.answerAttach({
      name: attach.name,
      handle: this.handle,
      hubReceives: false,
      presettled: true,
      source: attach.source?.typed ?? null,
      target: attach.target?.typed ?? null,
      messageBytesMax: 0,
      offeredCapabilities: wantsMetrics ? [RUNTIME_METRIC] : [],
    });
    group.enter(partition, this);
    hub.addReader(partition, this);
    const { log } = hub;
    // "Latest" is meant as of now, not as of when the disk has answered.
    this.#await(this.#locate(firstSequence(log, partition, this.#options.start)));
  }

  async #locate(first: Promise<number>): Promise<void> {
    this.#nextSeq = await first;
  }

  receive(): void {
    // A client that sends on a link on which it receives is ignored.
  }

  flow(flow: Flow): void {
    this.#credit = creditAfter(flow, this.#deliveryCount) ?? this.#credit;
    this.pump();
    if (flow.drain && this.#credit > 0) {
      this.#deliveryCount = (this.#deliveryCount + this.#credit) >>> 0;
      this.#credit = 0;
    }
    if (flow.drain || flow.echo) this.#reportCredit(flow.drain);
  }

  #reportCredit(drain: boolean): void {
    this.#options.session.grantCredit({
      handle: this.handle,
      deliveryCount: this.#deliveryCount,
      credit: Math.max(this.#credit, 0),
      drain,
    });
  }

  pump(): void {
    if (this.#isLoading || this.#hasEnded || this.#credit <= 0) return;
    try {
      this.#send();
    } catch (error) {
      // Of the disk: whoever has woken this reader, a sender perhaps, has no part in it.
      this.detach({ condition: "amqp:internal-error", description: messageOf(error) });
    }
  }

  #send(): void {
    const { session, wantsMetrics, counters } = this.#options;
    const { connection } = session;
    const writer = new TransferWriter(session, this.handle);
    const annotations = wantsMetrics ? this.#metrics() : NOTHING;
    // Nothing leaves the socket while this loop runs, so one look at it is enough.
    const bytesMax = Math.min(TURN_BYTES_MAX, UNSENT_BYTES_MAX - connection.unsentBytes);
    while (this.#credit > 0 && writer.bytes < bytesMax) {
      const cursor = this.#current();
      if (!cursor) break;
      const { bytes } = cursor.block;
      const size = bytes.readUInt32BE(cursor.at);
      const event = cursor.at + EVENT_HEAD_BYTES;
      const frames = frameCount(size + annotations.length, connection.frameBytesMax);
      if (frames > session.transferRoom) break;
      if (annotations.length === 0) writer.write(bytes, event, event + size);
      else writeWith(writer, annotations, bytes, event, size);
      this.#advance(cursor, event + size);
      counters.eventsOut += 1;
      counters.bytesOut += size;
    }
    writer.flush();
    if (writer.bytes >= TURN_BYTES_MAX) this.#takeTurnLater();
  }

  #advance(cursor: Cursor, at: number): void {
    cursor.at = at;
    this.#nextSeq += 1;
    this.#credit -= 1;
    this.#deliveryCount = (this.#deliveryCount + 1) >>> 0;
    if (at >= cursor.block.bytes.length) this.#cursor = undefined;
  }

  #current(): Cursor | undefined {
    if (this.#cursor) return this.#cursor;
    const { hub, partition } = this.#options;
    const found = hub.log.lookup(partition, this.#nextSeq);
    if (found.kind === "loading") this.#await(found.ready);
    if (found.kind !== "block") return undefined;
    this.#nextSeq = Math.max(this.#nextSeq, found.block.baseSeq);
    this.#cursor = { block: found.block, at: eventAt(found.block, this.#nextSeq) };
    return this.#cursor;
  }

  #await(ready: Promise<void>): void {
    this.#isLoading = true;
    void this.#pumpWhen(ready);
  }

  async #pumpWhen(ready: Promise<void>): Promise<void> {
    try {
      await ready;
      this.#isLoading = false;
      this.pump();
    } catch (error) {
      this.detach({ condition: "amqp:internal-error", description: messageOf(error) });
    }
  }

  #takeTurnLater(): void {
    if (this.#hasTurnComing) return;
    this.#hasTurnComing = true;
    setImmediate(() => {
      this.#hasTurnComing = false;
      this.pump();
    });
  }

  /** The partition's newest event, told with each delivery to whoever asked for it. */
  #metrics(): Buffer {
    const { hub, partition, now } = this.#options;
    const state = hub.log.partition(partition);
    const map = types.wrap_symbolic_map({
      last_enqueued_sequence_number: types.wrap_long(state.nextSeq - 1),
      last_enqueued_offset: String(state.lastOffset),
      last_enqueued_time_utc: types.wrap_timestamp(state.lastTimeMs),
      runtime_info_retrieval_time_utc: types.wrap_timestamp(now()),
    });
    return encodeValue(types.described(types.wrap_ulong(DELIVERY_ANNOTATIONS), map));
  }

  detach(error: AmqpError): void {
    this.#options.session.detach(this, error);
  }

  checkClaim(nowMs: number): void {
    const error = this.#options.claimError(nowMs);
    if (error) this.detach(error);
  }

  ended(): void {
    this.#hasEnded = true;
    this.#cursor = undefined;
    const { hub, group, partition } = this.#options;
    hub.removeReader(partition, this);
    group.leave(partition, this);
  }
}

/** Where the event with this sequence number begins in the block. */
function eventAt(block: StoredBlock, seq: number): number {
  let at = BLOCK_HEAD_BYTES;
  for (let skipped = block.baseSeq; skipped < seq; skipped++) {
    at += EVENT_HEAD_BYTES + block.bytes.readUInt32BE(at);
  }
  return at;
}

/** Writes the event with delivery annotations, which go between its header and the rest. */
function writeWith(
  writer: TransferWriter,
  annotations: Buffer,
  bytes: Buffer,
  event: number,
  size: number,
): void {
  const headerEnd = event + bytes.readUInt8(event - 1);
  const rest = bytes.subarray(headerEnd, event + size);
  const message = Buffer.concat([bytes.subarray(event, headerEnd), annotations, rest]);
  writer.write(message, 0, message.length);
}
