/**
 * A party of its own at the hub: reads events that are there, and sends copies. It connects to the
 * hub itself, not through a link.
 */
import { gunzipSync } from "node:zlib";
import {
  EventHubConsumerClient,
  EventHubProducerClient,
  type ReceivedEventData,
} from "@azure/event-hubs";
import type { ChunkId } from "#core/chunk.ts";
import { CHUNK_CONTENT_TYPE, packEvent } from "#core/chunk-codec.ts";
import { decodeChunk } from "#core/chunk-decode.ts";

export interface CopiedChunk {
  id: ChunkId;
  kind: string;
  /** As it was sent, byte for byte. */
  line: Buffer;
}

/** Where a copy goes: by the lane's own key, or to any partition, as after a change of partitions. */
export type Destination = { partitionKey: string } | { partitionId: string };

/** Its own consumer group: the sink owns the partitions of another one. */
export const COPY_GROUP = "copies";
const RETRY = { maxRetries: 2, retryDelayInMs: 200, timeoutInMs: 5000 };
const READ_WAIT_SECONDS = 2;

export class HubCopyist {
  readonly #connectionString: string;

  /** `connectionString` of the hub itself. */
  constructor(connectionString: string) {
    this.#connectionString = connectionString;
  }

  /** The chunks of up to `eventsMax` events of a partition, the latest ones, in their order. */
  async latest(partition: string, eventsMax: number): Promise<CopiedChunk[]> {
    const consumer = new EventHubConsumerClient(COPY_GROUP, this.#connectionString, {
      retryOptions: RETRY,
    });
    try {
      const { isEmpty, lastEnqueuedSequenceNumber: last } =
        await consumer.getPartitionProperties(partition);
      if (isEmpty) return [];
      const from = Math.max(0, last - eventsMax + 1);
      const events = await readFrom(consumer, partition, from, last);
      return events.flatMap(chunksOf);
    } finally {
      await consumer.close();
    }
  }

  /** Sends consecutive chunks of one lane as one event. */
  async send(chunks: readonly CopiedChunk[], destination: Destination): Promise<void> {
    const [first] = chunks;
    if (!first) return;
    const { gateway, epoch, lane, seq } = first.id;
    const producer = new EventHubProducerClient(this.#connectionString, { retryOptions: RETRY });
    try {
      const event = {
        body: packEvent(chunks.map((chunk) => chunk.line)),
        contentType: CHUNK_CONTENT_TYPE,
        properties: { gateway, epoch, lane, seq, chunks: chunks.length },
      };
      await producer.sendBatch([event], destination);
    } finally {
      await producer.close();
    }
  }
}

async function readFrom(
  consumer: EventHubConsumerClient,
  partition: string,
  from: number,
  last: number,
): Promise<ReceivedEventData[]> {
  const events: ReceivedEventData[] = [];
  const done = Promise.withResolvers<void>();
  const subscription = consumer.subscribe(
    partition,
    {
      processEvents: async (batch) => {
        events.push(...batch);
        // An empty batch is a wait that ran out.
        if (batch.length === 0 || batch.some((event) => event.sequenceNumber >= last)) {
          done.resolve();
        }
      },
      processError: async (error) => done.reject(error),
    },
    {
      startPosition: { sequenceNumber: from, isInclusive: true },
      maxWaitTimeInSeconds: READ_WAIT_SECONDS,
      skipParsingBodyAsJson: true,
    },
  );
  try {
    await done.promise;
    return events;
  } finally {
    await subscription.close();
  }
}

function chunksOf(event: ReceivedEventData): CopiedChunk[] {
  if (!(event.body instanceof Uint8Array)) return [];
  const text = gunzipSync(event.body).toString();
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const bytes = Buffer.from(line);
      const { id, content } = decodeChunk(bytes);
      return { id, kind: content.kind, line: bytes };
    });
}
