/**
 * Encodes the sends that wait for a commit into one buffer, so that a group costs one write. Sequence
 * numbers are given here, tentatively: they become the partition's only after the sync, so a group
 * that could not be written leaves no gap and no repeat.
 */
import type { MessageShape } from "../amqp/message-sections.ts";
import type { Publication } from "../amqp/publication.ts";
import { storedBytesMax, writeStoredMessage } from "../amqp/stored-message.ts";
import {
  BLOCK_HEAD_BYTES,
  BLOCK_KIND,
  type BlockHead,
  EVENT_HEAD_BYTES,
  sealBlock,
} from "./block.ts";
import type { PartitionState } from "./partition-state.ts";
import { advancePast } from "./partition-state.ts";

/** One delivery to one partition; `done` is called once, after the sync or after a failure. */
export interface AppendRequest {
  readonly partition: number;
  readonly source: Buffer;
  readonly messages: readonly MessageShape[];
  /** Of an idempotent producer: what the messages are to it. */
  readonly publication?: Publication | undefined;
  readonly done: (error: Error | undefined) => void;
}

interface PlacedBlock {
  at: number;
  head: BlockHead;
  publication: Publication | undefined;
}

export interface EncodedGroup {
  bytes: Buffer;
  blocks: PlacedBlock[];
  /** The partitions as they will be when the group is synced. */
  states: Map<number, PartitionState>;
}

export function appendBytesMax(request: AppendRequest): number {
  return request.messages.reduce(
    (sum, shape) => sum + EVENT_HEAD_BYTES + storedBytesMax(shape),
    BLOCK_HEAD_BYTES,
  );
}

/** Encodes the requests; `syncedTo` is the log address at which the group begins. */
export function encodeGroup(
  requests: readonly AppendRequest[],
  partitions: readonly PartitionState[],
  syncedTo: number,
  nowMs: number,
): EncodedGroup {
  const bytesMax = requests.reduce((sum, request) => sum + appendBytesMax(request), 0);
  // Apart from Node's pool: the buffer stays in the cache of recent groups.
  const out = Buffer.allocUnsafeSlow(bytesMax);
  const states = new Map<number, PartitionState>();
  const blocks: PlacedBlock[] = [];
  let at = 0;
  for (const request of requests) {
    const state = tentative(states, partitions, request.partition);
    const head = encodeBlock(out, at, request, state, syncedTo, nowMs);
    advancePast(state, head);
    blocks.push({ at, head, publication: request.publication });
    at += head.bytes;
  }
  return { bytes: out.subarray(0, at), blocks, states };
}

function tentative(
  states: Map<number, PartitionState>,
  partitions: readonly PartitionState[],
  id: number,
): PartitionState {
  let state = states.get(id);
  if (!state) {
    const committed = partitions[id];
    if (!committed) throw new RangeError(`no partition ${id}`);
    state = { ...committed };
    states.set(id, state);
  }
  return state;
}

function encodeBlock(
  out: Buffer,
  blockAt: number,
  request: AppendRequest,
  state: PartitionState,
  syncedTo: number,
  nowMs: number,
): BlockHead {
  // Enqueued times never step back within a partition, whatever the wall clock does.
  const timeMs = Math.max(nowMs, state.lastTimeMs);
  let at = blockAt + BLOCK_HEAD_BYTES;
  let offset = state.nextOffset;
  let lastOffset = state.lastOffset;
  let sequenceNumber = state.nextSeq;
  for (const shape of request.messages) {
    const eventAt = at + EVENT_HEAD_BYTES;
    at = writeStoredMessage(out, eventAt, request.source, shape, {
      sequenceNumber,
      offset,
      enqueuedTimeMs: timeMs,
      isIdempotent: request.publication !== undefined,
    });
    out.writeUInt32BE(at - eventAt, eventAt - EVENT_HEAD_BYTES);
    out[eventAt - 1] = shape.headerEnd - shape.start;
    lastOffset = offset;
    offset += at - eventAt;
    sequenceNumber += 1;
  }
  const head: BlockHead = {
    kind: BLOCK_KIND.events,
    partition: request.partition,
    bytes: at - blockAt,
    count: request.messages.length,
    baseSeq: state.nextSeq,
    baseOffset: state.nextOffset,
    lastOffset,
    timeMs,
    syncedTo,
  };
  sealBlock(out, blockAt, head);
  return head;
}
