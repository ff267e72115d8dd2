import {
  type Checkpoint,
  type CheckpointStore,
  EventHubConsumerClient,
  EventHubProducerClient,
  earliestEventPosition,
  type PartitionOwnership,
} from "@azure/event-hubs";
import { expect, test } from "vitest";
import { systemClock } from "#core/clock.ts";
import { eventually, impatient, startTestHub } from "#test/support/hub.ts";

const PARTITIONS = 32;

/** Ownership and checkpoints shared by consumers of one process. */
class SharedStore implements CheckpointStore {
  readonly #ownerships = new Map<string, PartitionOwnership>();
  readonly #checkpoints = new Map<string, Checkpoint>();
  #etag = 0;

  /** How many partitions each owner has, in rising order. */
  get shares(): number[] {
    const counts = new Map<string, number>();
    for (const { ownerId } of this.#ownerships.values()) {
      counts.set(ownerId, (counts.get(ownerId) ?? 0) + 1);
    }
    return [...counts.values()].toSorted((a, b) => a - b);
  }

  async listOwnership(): Promise<PartitionOwnership[]> {
    return structuredClone([...this.#ownerships.values()]);
  }

  async claimOwnership(claims: PartitionOwnership[]): Promise<PartitionOwnership[]> {
    const granted: PartitionOwnership[] = [];
    for (const claim of claims) {
      const current = this.#ownerships.get(claim.partitionId);
      if (current && current.etag !== claim.etag) continue;
      this.#etag += 1;
      const owned = { ...claim, etag: String(this.#etag), lastModifiedTimeInMs: systemClock.now() };
      this.#ownerships.set(claim.partitionId, owned);
      granted.push({ ...owned });
    }
    return granted;
  }

  async updateCheckpoint(checkpoint: Checkpoint): Promise<void> {
    this.#checkpoints.set(checkpoint.partitionId, { ...checkpoint });
  }

  async listCheckpoints(): Promise<Checkpoint[]> {
    return structuredClone([...this.#checkpoints.values()]);
  }
}

interface Processor {
  /** `partition/sequence` of every event handed over. */
  seen: string[];
  stop(): Promise<void>;
}

function startProcessor(connectionString: string, store: CheckpointStore): Processor {
  const client = new EventHubConsumerClient("penstock", connectionString, store, {
    ...impatient,
    loadBalancingOptions: {
      strategy: "greedy",
      updateIntervalInMs: 300,
      partitionOwnershipExpirationIntervalInMs: 4000,
    },
  });
  const seen: string[] = [];
  const subscription = client.subscribe(
    {
      processEvents: async (events, context) => {
        for (const event of events) seen.push(`${context.partitionId}/${event.sequenceNumber}`);
        const last = events.at(-1);
        if (last) await context.updateCheckpoint(last);
      },
      processError: async () => {},
    },
    { startPosition: earliestEventPosition, maxBatchSize: 100, maxWaitTimeInSeconds: 1 },
  );
  return {
    seen,
    stop: async () => {
      await subscription.close();
      await client.close();
    },
  };
}

async function sendToAll(producer: EventHubProducerClient): Promise<void> {
  for (let id = 0; id < PARTITIONS; id++) {
    await producer.sendBatch([{ body: "a" }, { body: "b" }], { partitionId: String(id) });
  }
}

test("three processors share 32 partitions, miss nothing, and go on where they stopped", async () => {
  const hub = await startTestHub({ partitions: PARTITIONS });
  const store = new SharedStore();
  const producer = new EventHubProducerClient(hub.connectionString, impatient);
  await sendToAll(producer);
  const processors = [0, 1, 2].map(() => startProcessor(hub.connectionString, store));
  await eventually("the balance", () => store.shares.join() === "10,11,11", 40_000);
  await sendToAll(producer);
  const everything = (): Set<string> => new Set(processors.flatMap(({ seen }) => seen));
  await eventually("every event", () => everything().size === PARTITIONS * 4, 20_000);
  await Promise.all(processors.map(async (processor) => processor.stop()));

  await sendToAll(producer);
  const successor = startProcessor(hub.connectionString, store);
  await eventually("the new events", () => successor.seen.length >= PARTITIONS * 2, 20_000);
  await successor.stop();
  expect(new Set(successor.seen).size).toBe(PARTITIONS * 2);
  expect(successor.seen.every((place) => ["4", "5"].includes(place.split("/")[1] ?? ""))).toBe(
    true,
  );
  await producer.close();
  await hub.stop();
}, 90_000);
