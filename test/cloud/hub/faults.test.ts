import {
  EventHubConsumerClient,
  EventHubProducerClient,
  earliestEventPosition,
} from "@azure/event-hubs";
import { describe, expect, test } from "vitest";
import type { Hub } from "#cloud/hub/hub.ts";
import { systemClock } from "#core/clock.ts";
import { eventually, impatient, startTestHub, type TestHub } from "#test/support/hub.ts";

/** Retries soon, as the uplink is to be set up. */
const patient = {
  retryOptions: { maxRetries: 10, retryDelayInMs: 50, maxRetryDelayInMs: 200, timeoutInMs: 3000 },
};

async function withHub(run: (hub: TestHub) => Promise<void>): Promise<void> {
  const hub = await startTestHub({ partitions: 2 });
  try {
    await run(hub);
  } finally {
    await hub.stop();
  }
}

async function lastSequence(hub: Hub, partition: number): Promise<number> {
  return [...hub.hubs()][0]!.log.partition(partition).nextSeq - 1;
}

describe("faults on demand", () => {
  test("throttling is server-busy to the client, and ends by itself", async () => {
    await withHub(async ({ hub, connectionString }) => {
      const producer = new EventHubProducerClient(connectionString, impatient);
      hub.faults.throttle(60_000);
      await expect(producer.sendBatch([{ body: 1 }])).rejects.toMatchObject({
        code: "ServerBusyError",
      });
      hub.faults.clear();
      await producer.sendBatch([{ body: 1 }]);
      await producer.close();
    });
  });

  test("one partition can be refused while the other works", async () => {
    await withHub(async ({ hub, connectionString }) => {
      const producer = new EventHubProducerClient(connectionString, impatient);
      hub.faults.refusePartition(0);
      await expect(producer.sendBatch([{ body: 1 }], { partitionId: "0" })).rejects.toMatchObject({
        code: "ServerBusyError",
      });
      await producer.sendBatch([{ body: 1 }], { partitionId: "1" });
      hub.faults.allowPartition(0);
      await producer.sendBatch([{ body: 1 }], { partitionId: "0" });
      await producer.close();
    });
  });

  test("a confirmation dropped with its connection makes the client send twice", async () => {
    await withHub(async ({ hub, connectionString }) => {
      const producer = new EventHubProducerClient(connectionString, patient);
      await producer.sendBatch([{ body: "first" }], { partitionId: "0" });
      hub.faults.confirmThenDrop(1);
      await producer.sendBatch([{ body: "twice" }], { partitionId: "0" });
      expect(await lastSequence(hub, 0)).toBe(2);
      await producer.close();
    });
  });

  test("a lost confirmation makes the client send twice on the connection it has", async () => {
    await withHub(async ({ hub, connectionString }) => {
      const producer = new EventHubProducerClient(connectionString, {
        retryOptions: { ...patient.retryOptions, timeoutInMs: 1000 },
      });
      await producer.sendBatch([{ body: "first" }], { partitionId: "0" });
      const { connections } = hub.counters;
      hub.faults.loseConfirmations(1);
      await producer.sendBatch([{ body: "twice" }], { partitionId: "0" });
      expect(await lastSequence(hub, 0)).toBe(2);
      expect(hub.counters.connections).toBe(connections);
      await producer.close();
    });
  });

  test("a throttled sender can be left waiting for its refusal", async () => {
    await withHub(async ({ hub, connectionString }) => {
      const producer = new EventHubProducerClient(connectionString, impatient);
      await producer.sendBatch([{ body: 0 }], { partitionId: "0" });
      hub.faults.throttle(60_000, 400);
      const startedMs = systemClock.monotonic();
      await expect(producer.sendBatch([{ body: 1 }])).rejects.toMatchObject({
        code: "ServerBusyError",
      });
      expect(systemClock.monotonic() - startedMs).toBeGreaterThanOrEqual(399);
      await producer.close();
    });
  });

  test("confirmations can be held back", async () => {
    await withHub(async ({ hub, connectionString }) => {
      const producer = new EventHubProducerClient(connectionString, impatient);
      await producer.sendBatch([{ body: 0 }], { partitionId: "0" });
      hub.faults.confirmationDelayMs = 300;
      let isConfirmed = false;
      const sent = producer.sendBatch([{ body: 1 }], { partitionId: "0" }).then(() => {
        isConfirmed = true;
        return undefined;
      });
      await eventually("the event in the log", async () => (await lastSequence(hub, 0)) === 1);
      expect(isConfirmed).toBe(false);
      await sent;
      await producer.close();
    });
  });

  test.each([
    ["detached links", (hub: Hub) => hub.detachLinks()],
    ["dropped connections", (hub: Hub) => hub.dropConnections()],
    ["expired tokens", (hub: Hub) => hub.expireTokens()],
  ])(
    "a sender and a reader survive %s",
    async (_name, fault) => {
      await withHub(async ({ hub, connectionString }) => {
        const producer = new EventHubProducerClient(connectionString, patient);
        const consumer = new EventHubConsumerClient("penstock", connectionString, patient);
        const bodies: unknown[] = [];
        const subscription = consumer.subscribe(
          "0",
          {
            processEvents: async (events) => void bodies.push(...events.map(({ body }) => body)),
            processError: async () => {},
          },
          { startPosition: earliestEventPosition, maxBatchSize: 10, maxWaitTimeInSeconds: 1 },
        );
        await producer.sendBatch([{ body: 0 }], { partitionId: "0" });
        await eventually("the first event", () => bodies.length === 1);
        fault(hub);
        await producer.sendBatch([{ body: 1 }], { partitionId: "0" });
        await eventually("the second event", () => bodies.includes(1), 25_000);
        expect(bodies.slice(0, 2)).toEqual([0, 1]);
        await subscription.close();
        await consumer.close();
        await producer.close();
      });
    },
    40_000,
  );
});
