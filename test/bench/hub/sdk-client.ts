/**
 * One SDK client as a process of its own: `send` or `receive`, told over IPC what to do, answering
 * with its figures.
 */
import {
  EventHubConsumerClient,
  EventHubProducerClient,
  earliestEventPosition,
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

/** Tells a receiver, at any time, after how many events it has all. */
export interface Expected {
  expected: number;
}

export interface SdkFigures {
  events: number;
  cpuSeconds: number;
  /** Wall clock of the first send after connecting, or of the first event received. */
  beganMs: number;
  /** Wall clock of the last confirmation, or of the last event. */
  endedMs: number;
  /** Send → receive, by the sender's clock in the body. */
  latenciesMs: number[];
}

const SENDERS = 8;
const MAX_BATCH = 300;

async function send(task: SdkTask): Promise<SdkFigures> {
  const producer = new EventHubProducerClient(task.connectionString);
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
  for (let id = 0; id < task.partitions; id++) await sendOne(String(id));
  const connectedEvents = events;
  const startedCpu = process.cpuUsage();
  const beganMs = systemClock.now();
  const endMs = systemClock.monotonic() + task.seconds * 1000;
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
  const endedMs = systemClock.now();
  const cpuSeconds = cpuSince(startedCpu);
  await producer.close();
  return { events: events - connectedEvents, cpuSeconds, beganMs, endedMs, latenciesMs: [] };
}

/** Reads from the beginning until it has as many events as it is told to expect. */
async function receive(task: SdkTask, expected: Promise<number>): Promise<SdkFigures> {
  const consumer = new EventHubConsumerClient("penstock", task.connectionString);
  const figures: SdkFigures = { events: 0, cpuSeconds: 0, beganMs: 0, endedMs: 0, latenciesMs: [] };
  const startedCpu = process.cpuUsage();
  let goal = Number.POSITIVE_INFINITY;
  const { promise: complete, resolve } = Promise.withResolvers<void>();
  const check = (): void => {
    if (figures.events >= goal) resolve();
  };
  const subscription = consumer.subscribe(
    {
      processEvents: async (events) => {
        if (events.length === 0) return;
        const nowMs = systemClock.now();
        if (figures.events === 0) figures.beganMs = nowMs;
        figures.events += events.length;
        figures.endedMs = nowMs;
        if (task.everyMs > 0) {
          for (const event of events) figures.latenciesMs.push(nowMs - event.body.readDoubleBE(0));
        }
        check();
      },
      processError: async () => {},
    },
    { startPosition: earliestEventPosition, maxBatchSize: MAX_BATCH, maxWaitTimeInSeconds: 1 },
  );
  await systemClock.sleep(1500, { name: "links" });
  process.send?.("ready");
  goal = await expected;
  check();
  await complete;
  figures.cpuSeconds = cpuSince(startedCpu);
  await subscription.close();
  await consumer.close();
  return figures;
}

function cpuSince(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1e6;
}

const { promise: expectation, resolve: expect } = Promise.withResolvers<number>();

process.on("message", (message: SdkTask | Expected) => {
  if ("expected" in message) {
    expect(message.expected);
    return;
  }
  const running = message.role === "send" ? send(message) : receive(message, expectation);
  void running.then((figures) => {
    process.send?.(figures, () => process.disconnect());
    return undefined;
  });
});
