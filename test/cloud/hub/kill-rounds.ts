/**
 * Kills the hub under load, again and again, and compares what was confirmed with what is stored.
 * The test runs a few rounds; by hand: `node test/cloud/hub/kill-rounds.ts 200`.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  EventHubConsumerClient,
  EventHubProducerClient,
  earliestEventPosition,
} from "@azure/event-hubs";
import { systemClock } from "#core/clock.ts";
import { createRandom } from "#core/random.ts";
import { eventually } from "#test/support/hub.ts";
import { type HubProcess, startHubProcess } from "./hub-process.ts";

const PARTITIONS = 4;
const BATCH_EVENTS = 20;
const retry = { retryOptions: { maxRetries: 0, timeoutInMs: 10_000 } };

export interface KillReport {
  seed: number;
  kills: number;
  confirmed: number;
  stored: number;
  /** Confirmed events that are not stored. */
  lost: number;
  /** Steps in a partition's sequence numbers other than one. */
  jumps: number;
  /** Events whose numbers go down within their partition. */
  disordered: number;
}

/** One sender a partition, which sends numbered events and notes the confirmed ones. */
class Senders {
  readonly confirmed: Set<number>[] = Array.from({ length: PARTITIONS }, () => new Set());
  #next = 0;

  get confirmedCount(): number {
    return this.confirmed.reduce((sum, set) => sum + set.size, 0);
  }

  /** Sends until the hub is gone. */
  async run(connectionString: string): Promise<void> {
    const producer = new EventHubProducerClient(connectionString, retry);
    await Promise.all(this.confirmed.map(async (set, id) => this.#send(producer, set, String(id))));
    await producer.close().catch(() => {});
  }

  async #send(
    producer: EventHubProducerClient,
    set: Set<number>,
    partitionId: string,
  ): Promise<void> {
    for (;;) {
      const ids = Array.from({ length: BATCH_EVENTS }, () => this.#next++);
      try {
        await producer.sendBatch(
          ids.map((n) => ({ body: n })),
          { partitionId },
        );
      } catch {
        return; // The hub is gone; what was sent may or may not be stored.
      }
      for (const id of ids) set.add(id);
    }
  }
}

async function readAll(connectionString: string): Promise<[seq: number, n: number][][]> {
  const producer = new EventHubProducerClient(connectionString, retry);
  const ids = Array.from({ length: PARTITIONS }, (_, id) => String(id));
  const properties = await Promise.all(ids.map((id) => producer.getPartitionProperties(id)));
  await producer.close();
  const consumer = new EventHubConsumerClient("penstock", connectionString, retry);
  const events: [number, number][][] = ids.map(() => []);
  const subscription = consumer.subscribe(
    {
      processEvents: async (batch, { partitionId }) => {
        for (const event of batch)
          events[Number(partitionId)]?.push([event.sequenceNumber, event.body]);
      },
      processError: async () => {},
    },
    { startPosition: earliestEventPosition, maxBatchSize: 500, maxWaitTimeInSeconds: 1 },
  );
  await eventually(
    "all stored events",
    () =>
      properties.every(
        ({ lastEnqueuedSequenceNumber: last }, id) => (events[id]?.at(-1)?.[0] ?? -1) >= last,
      ),
    120_000,
  );
  await subscription.close();
  await consumer.close();
  return events;
}

function judge(report: KillReport, stored: [number, number][][], confirmed: Set<number>[]): void {
  for (const [id, events] of stored.entries()) {
    let lastSeq = -1;
    let lastNumber = -1;
    const numbers = new Set<number>();
    for (const [seq, n] of events) {
      if (seq !== lastSeq + 1) report.jumps += 1;
      if (n <= lastNumber) report.disordered += 1;
      lastSeq = seq;
      lastNumber = n;
      numbers.add(n);
    }
    report.stored += events.length;
    report.confirmed += confirmed[id]?.size ?? 0;
    for (const n of confirmed[id] ?? []) if (!numbers.has(n)) report.lost += 1;
  }
}

/** Kills the hub so many times at random moments under load. */
export async function killRounds(kills: number, seed: number): Promise<KillReport> {
  const random = createRandom(seed);
  const data = await mkdtemp(join(tmpdir(), "penstock-kill-"));
  const args = ["--data", data, "--partitions", String(PARTITIONS)];
  const senders = new Senders();
  const report: KillReport = {
    seed,
    kills,
    confirmed: 0,
    stored: 0,
    lost: 0,
    jumps: 0,
    disordered: 0,
  };
  let hub: HubProcess = await startHubProcess([...args, "--port", "0"]);
  const port = String(hub.port);
  try {
    const runs: Promise<void>[] = [];
    for (let round = 0; round < kills; round++) {
      const before = senders.confirmedCount;
      runs.push(senders.run(hub.connectionString));
      await eventually("confirmations", () => senders.confirmedCount > before + 200, 30_000);
      await systemClock.sleep(random.int(100), { name: "load before the kill" });
      await hub.end("SIGKILL");
      hub = await startHubProcess([...args, "--port", port]);
    }
    await Promise.all(runs);
    judge(report, await readAll(hub.connectionString), senders.confirmed);
    return report;
  } finally {
    await hub.end("SIGKILL");
    await rm(data, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const [kills = "200", seed = "1"] = process.argv.slice(2);
  console.log(JSON.stringify(await killRounds(Number(kills), Number(seed))));
}
