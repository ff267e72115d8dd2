// oxlint-disable vitest/no-standalone-expect -- peerTest() is a test.
import { spawnSync } from "node:child_process";
import {
  EventHubConsumerClient,
  EventHubProducerClient,
  earliestEventPosition,
} from "@azure/event-hubs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { metricsOf } from "#cloud/hub/hub-metrics.ts";
import { type BrokerStat, statOf } from "#cloud/hub/hub-stat.ts";
import { renderStat } from "#cloud/hub/stat-table.ts";
import { eventually, impatient, startTestHub, type TestHub } from "#test/support/hub.ts";
import { type Peer, peerTest } from "#test/support/peer.ts";

const promtool: Peer = { probe: ["which", "promtool"], debianPackage: "prometheus" };

let hub: TestHub;
let producer: EventHubProducerClient;

/** Sends to partition 1. */
async function send(count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, i) => ({ body: i }));
  await producer.sendBatch(events, { partitionId: "1" });
}

/** Two readers of one group; gives how to end them. */
async function readAll(events: number): Promise<() => Promise<void>> {
  const clients = [0, 1].map(
    () => new EventHubConsumerClient("penstock", hub.connectionString, impatient),
  );
  let seen = 0;
  const handlers = {
    processEvents: async (batch: readonly unknown[]): Promise<void> => {
      seen += batch.length;
    },
    processError: async (): Promise<void> => {},
  };
  const subscriptions = clients.map((client) =>
    client.subscribe("1", handlers, { startPosition: earliestEventPosition }),
  );
  await eventually("all events, twice", () => seen === 2 * events);
  return async () => {
    for (const subscription of subscriptions) await subscription.close();
    for (const client of clients) await client.close();
  };
}

const stat = (): BrokerStat => statOf(hub.hub);

beforeAll(async () => {
  hub = await startTestHub({ partitions: 2 });
  producer = new EventHubProducerClient(hub.connectionString, impatient);
});

afterAll(async () => {
  await producer.close();
  await hub.stop();
});

test("a group's lag is told while it reads, and after its last reader has gone", async () => {
  await send(3);
  const stop = await readAll(3);
  const partition = (): BrokerStat["hubs"][number]["partitions"][number] =>
    stat().hubs[0]!.partitions[1]!;
  expect(partition()).toMatchObject({ firstSequence: 0, lastSequence: 2 });
  expect(partition().groups).toMatchObject([{ group: "penstock", behind: 0 }]);
  expect(partition().groups[0]?.readers).toHaveLength(2);
  expect(stat().connections).toHaveLength(3);
  expect(stat().hubs[0]?.storedBytes).toBeGreaterThan(0);

  await stop();
  await eventually("the readers' end", () => partition().groups[0]?.readers.length === 0);
  await send(5);
  expect(partition().groups).toMatchObject([{ group: "penstock", behind: 5 }]);
  expect(renderStat(stat())).toMatch(/^ +1 +0 +7 +\d+ {2}penstock: gone, 5$/m);
  expect(renderStat(stat())).toMatch(/^ +0 +0 +-1 +-1 {2}none$/m);
});

peerTest("Prometheus' own checker finds nothing wrong with the metrics", [promtool], async () => {
  await send(1);
  const stop = await readAll(hub.hub.counters.eventsIn);
  const reply = await metricsOf(hub.hub);
  if (reply.kind !== "text") throw new Error("metrics are text");
  await stop();
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
    input: reply.body,
    encoding: "utf8",
  });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(reply.body).toContain(
    'penstock_hub_group_readers{hub="telemetry",partition="1",group="penstock"} 2',
  );
});
