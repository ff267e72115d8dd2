/** Chunks, events and partition batches for tests of stores and of the ingest. */
import type { AlarmBounds } from "#cloud/store/alarm-bounds.ts";
import type {
  AcceptOutcome,
  Delivery,
  HubScope,
  PartitionBatch,
  RollupQuery,
  Store,
} from "#cloud/store/contract.ts";
import type { Block, ChunkContent, ChunkId } from "#core/chunk.ts";
import { encodeChunk, packEvent, unpackEvent } from "#core/chunk-codec.ts";
import type { Value } from "#core/reading.ts";

export interface StoreUnderTest {
  store: Store;
  /** Stops as a crash would, or at least without folding, and opens the same data again. */
  crash(): Promise<Store>;
  remove(): Promise<void>;
}

/** Of the stores under test: within reach. */
export const SMALL_BOUNDS: AlarmBounds = { takenIn: 20, waiting: 60 };

/** A server on a busy machine takes its time. */
export const TIMEOUT_MS = 30_000;

export const MINUTE = Date.UTC(2026, 10, 21, 10, 0);

export const scope: HubScope = {
  namespace: "localhost",
  hub: "telemetry",
  consumerGroup: "$Default",
  incarnation: 1,
};

export function chunkId(seq: number, more: Partial<ChunkId> = {}): ChunkId {
  return { gateway: "hall-3", epoch: "e1", lane: 0, seq, ...more };
}

/** One device, one tag: values at one-second steps from `ts`. */
export function block(values: Value[], ts = MINUTE, device = "oven-2", tag = "temperature"): Block {
  return {
    device,
    tags: [tag],
    ts: values.map((_, row) => ts + row * 1000),
    columns: [values],
    marks: [],
  };
}

export function readings(...blocks: Block[]): ChunkContent {
  return { kind: "readings", blocks };
}

export function event(
  sequenceNumber: number,
  chunks: readonly { id: ChunkId; content: ChunkContent }[],
): Delivery {
  const body = packEvent(chunks.map(encodeChunk));
  return {
    position: { sequenceNumber, offset: `o${sequenceNumber}` },
    enqueuedAtMs: MINUTE + 30_000,
    body,
    content: { kind: "chunks", chunks: unpackEvent(body) },
  };
}

export function poison(sequenceNumber: number, body: Uint8Array): Delivery {
  return {
    position: { sequenceNumber, offset: `o${sequenceNumber}` },
    enqueuedAtMs: MINUTE,
    body,
    content: { kind: "poison", code: "CHUNK_MALFORMED", reason: "not gzip" },
  };
}

export function batch(
  deliveries: readonly Delivery[],
  more: Partial<PartitionBatch> = {},
): PartitionBatch {
  return { scope, partition: "0", owner: "sink-1", deliveries, ...more };
}

/** Makes `owner` the owner of a partition, whoever had it. */
export async function own(
  store: Store,
  partition = "0",
  owner = "sink-1",
  of: HubScope = scope,
): Promise<void> {
  const now = (await store.ownerships(of)).find((entry) => entry.partition === partition);
  const won = await store.claim(of, [{ partition, owner, etag: now?.etag }]);
  if (won.length !== 1) throw new Error(`cannot claim partition ${partition}`);
}

/** Accepts one batch, which must be committed. */
export async function commit(
  store: Store,
  deliveries: readonly Delivery[],
  more: Partial<PartitionBatch> = {},
): Promise<Extract<AcceptOutcome, { kind: "committed" }>> {
  const [outcome] = await store.accept([batch(deliveries, more)]);
  if (outcome?.kind !== "committed") throw new Error("the batch was not committed");
  return outcome;
}

export const everything: RollupQuery = {
  width: "1m",
  fromMs: Number.MIN_SAFE_INTEGER,
  toMs: Number.MAX_SAFE_INTEGER,
};

/** The rows as the API would send them, without their revisions, which are not values. */
export async function rowsText(store: Store, query: Partial<RollupQuery> = {}): Promise<string> {
  const lines: string[] = [];
  for await (const row of store.rollups({ ...everything, ...query })) {
    lines.push(JSON.stringify({ ...row, revision: undefined }));
  }
  return lines.join("\n");
}

/** Three readings of one chunk. */
export function first(): Delivery {
  return event(0, [{ id: chunkId(0), content: readings(block([1.5, -2, 4])) }]);
}

/** One reading, whose value is the seq. */
export function at(sequenceNumber: number, seq: number): Delivery {
  return event(sequenceNumber, [{ id: chunkId(seq), content: readings(block([seq])) }]);
}
