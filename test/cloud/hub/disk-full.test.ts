// peerTest is a test block, which the linter cannot know:
// oxlint-disable vitest/no-standalone-expect
import { join } from "node:path";
import {
  EventHubConsumerClient,
  EventHubProducerClient,
  earliestEventPosition,
} from "@azure/event-hubs";
import { expect } from "vitest";
import { eventually, impatient, startTestHub } from "#test/support/hub.ts";
import { peerTest } from "#test/support/peer.ts";
import { smallDisk, tmpfs } from "#test/support/small-disk.ts";

peerTest(
  "a full disk is server-busy to senders, nothing to readers, and needs no restart",
  [tmpfs],
  async () => {
    const disk = await smallDisk(8);
    const hub = await startTestHub({ partitions: 1, dataDir: join(disk.folder, "data") });
    const producer = new EventHubProducerClient(hub.connectionString, impatient);
    const consumer = new EventHubConsumerClient("penstock", hub.connectionString, impatient);
    const bodies: unknown[] = [];
    const send = async (body: string): Promise<void> =>
      producer.sendBatch([{ body }], { partitionId: "0" });
    try {
      await send("before");
      disk.fill();
      const large = Buffer.alloc(100_000, 65);
      await expect(producer.sendBatch([{ body: large }])).rejects.toMatchObject({
        code: "ServerBusyError",
      });
      const subscription = consumer.subscribe(
        "0",
        {
          processEvents: async (events) => void bodies.push(...events.map(({ body }) => body)),
          processError: async () => {},
        },
        { startPosition: earliestEventPosition, maxBatchSize: 10, maxWaitTimeInSeconds: 1 },
      );
      await eventually("the event from before", () => bodies.length === 1);
      disk.free();
      await eventually("a send that works again", () =>
        send("after").then(
          () => true,
          () => false,
        ),
      );
      await eventually("the event from after", () => bodies.length === 2);
      expect(bodies).toEqual(["before", "after"]);
      await subscription.close();
    } finally {
      await consumer.close();
      await producer.close();
      await hub.stop();
    }
  },
);
