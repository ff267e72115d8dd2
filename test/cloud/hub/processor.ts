/**
 * The SDK's event processor as a process of its own: reads with others from the shared store that the
 * second argument names, and prints `partition/sequence` of each event. Ends when its input does.
 */
import { EventHubConsumerClient, earliestEventPosition } from "@azure/event-hubs";
import { impatient } from "#test/support/hub.ts";
import { SharedStore } from "./shared-store.ts";

const [connectionString = "", storePath = ""] = process.argv.slice(2);
const store = new SharedStore(storePath);
const client = new EventHubConsumerClient("penstock", connectionString, store, {
  ...impatient,
  loadBalancingOptions: {
    strategy: "greedy",
    updateIntervalInMs: 300,
    partitionOwnershipExpirationIntervalInMs: 4000,
  },
});
const subscription = client.subscribe(
  {
    processEvents: async (events, context) => {
      for (const { sequenceNumber } of events) {
        process.stdout.write(`${context.partitionId}/${sequenceNumber}\n`);
      }
      const last = events.at(-1);
      if (last) await context.updateCheckpoint(last);
    },
    processError: async () => {},
  },
  { startPosition: earliestEventPosition, maxBatchSize: 100, maxWaitTimeInSeconds: 1 },
);
process.stdin.once("end", () => void stop());
process.stdin.resume();

async function stop(): Promise<void> {
  await subscription.close();
  await client.close();
  store.close();
}
