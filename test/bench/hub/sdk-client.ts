/**
 * One SDK client as a process of its own: `send` or `receive`, told over IPC what to do, answering
 * with its figures.
 */
import {
  EventHubConsumerClient,
  EventHubProducerClient,
  latestEventPosition,
} from "@azure/event-hubs";
import { systemClock } from "#core/clock.ts";

export interface SdkTask {
  role: "send" | "receive";
  connectionString: string;
  eventBytes: number;
  batchEvents: number;
  seconds: number;
  /** One batch each so many milliseconds; 0 sends as fast as confirmations come. */
  everyMs: number;
  partitions: number;
}

export interface SdkFigures {
  events: number;
  cpuSeconds: number;
  /** Send → receive, by the sender's clock in the body. */
  latenciesMs: number[];
}

const SENDERS = 8;

async function send(task: SdkTask): Promise<SdkFigures> {
  const producer = new EventHubProducerClient(task.connectionString);
  const endMs = systemClock.monotonic() + task.seconds * 1000;
  let events = 0;
  const sendOne = async (partitionId: string): Promise<void> => {
    const body = Buffer.alloc(task.eventBytes, 65);
    body.writeDoubleBE(systemClock.now(), 0);
    await producer.sendBatch(
      Array.from({ length: task.batchEvents }, () => ({ body })),
      { partitionId },
    );
    events += task.batchEvents;
  };
  await sendOne("0");
  const loop = async (id: number): Promise<void> => {
    while (systemClock.monotonic() < endMs) {
      const startedMs = systemClock.monotonic();
      await sendOne(String(id % task.partitions));
      const restMs = task.everyMs - (systemClock.monotonic() - startedMs);
      if (task.everyMs > 0 && restMs > 0) await systemClock.sleep(restMs, { name: "pace" });
    }
  };
  const loops = task.everyMs > 0 ? 1 : SENDERS;
  await Promise.all(Array.from({ length: loops }, async (_, id) => loop(id)));
  await producer.close();
  return { events, cpuSeconds: 0, latenciesMs: [] };
}

async function receive(task: SdkTask): Promise<SdkFigures> {
  const consumer = new EventHubConsumerClient("penstock", task.connectionString);
  const figures: SdkFigures = { events: 0, cpuSeconds: 0, latenciesMs: [] };
  const subscription = consumer.subscribe(
    {
      processEvents: async (events) => {
        const nowMs = systemClock.now();
        figures.events += events.length;
        if (task.everyMs === 0) return;
        for (const event of events) figures.latenciesMs.push(nowMs - event.body.readDoubleBE(0));
      },
      processError: async () => {},
    },
    { startPosition: latestEventPosition, maxBatchSize: 300, maxWaitTimeInSeconds: 1 },
  );
  await systemClock.sleep(1500, { name: "links" });
  process.send?.("ready");
  await systemClock.sleep(task.seconds * 1000 + 1500, { name: "receiving" });
  await subscription.close();
  await consumer.close();
  return figures;
}

process.once("message", (task: SdkTask) => {
  const startedCpu = process.cpuUsage();
  const running = task.role === "send" ? send(task) : receive(task);
  void running.then((figures) => {
    const { user, system } = process.cpuUsage(startedCpu);
    process.send?.({ ...figures, cpuSeconds: (user + system) / 1e6 }, () => process.disconnect());
    return undefined;
  });
});
