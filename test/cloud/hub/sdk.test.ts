import {
  type CloseReason,
  EventHubBufferedProducerClient,
  EventHubConsumerClient,
  EventHubProducerClient,
  type EventPosition,
  earliestEventPosition,
  latestEventPosition,
  type ReceivedEventData,
} from "@azure/event-hubs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { partitionOfKey } from "#cloud/hub/partition-key.ts";
import { systemClock } from "#core/clock.ts";
import { eventually, impatient, startTestHub, type TestHub } from "#test/support/hub.ts";

let hub: TestHub;
let producer: EventHubProducerClient;

beforeAll(async () => {
  hub = await startTestHub({ partitions: 8 });
  producer = new EventHubProducerClient(hub.connectionString, impatient);
});

afterAll(async () => {
  await producer.close();
  await hub.stop();
});

/** What one reader of one partition saw. */
interface Reading {
  events: ReceivedEventData[];
  errors: (string | undefined)[];
  closed: CloseReason | undefined;
  stop(): Promise<void>;
}

function read(
  partition: string,
  startPosition: EventPosition,
  options: { ownerLevel?: number; group?: string } = {},
): Reading {
  const group = options.group ?? "$Default";
  const client = new EventHubConsumerClient(group, hub.connectionString, impatient);
  const reading: Reading = {
    events: [],
    errors: [],
    closed: undefined,
    stop: async () => {
      await subscription.close();
      await client.close();
    },
  };
  const subscription = client.subscribe(
    partition,
    {
      processEvents: async (events) => void reading.events.push(...events),
      processError: async (error) =>
        void reading.errors.push("code" in error ? error.code : error.message),
      processClose: async (reason) => {
        reading.closed = reason;
      },
    },
    {
      startPosition,
      maxBatchSize: 50,
      maxWaitTimeInSeconds: 1,
      ...(options.ownerLevel === undefined ? {} : { ownerLevel: options.ownerLevel }),
    },
  );
  return reading;
}

/** Sends numbered events to the partition and gives them back as a reader got them. */
async function fill(partition: string, count: number): Promise<ReceivedEventData[]> {
  const before = await producer.getPartitionProperties(partition);
  const start = before.lastEnqueuedSequenceNumber;
  await producer.sendBatch(
    Array.from({ length: count }, (_, i) => ({ body: { i } })),
    { partitionId: partition },
  );
  const reading = read(partition, { sequenceNumber: start });
  if (start < 0) await reading.stop();
  const reader = start < 0 ? read(partition, earliestEventPosition) : reading;
  await eventually("all events back", () => reader.events.length >= count);
  await reader.stop();
  return reader.events.slice(-count);
}

describe("the hub's properties", () => {
  test("name the hub, its partitions and the time it was made", async () => {
    const properties = await producer.getEventHubProperties();
    expect(properties.name).toBe("telemetry");
    expect(properties.partitionIds).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
    expect(Math.abs(properties.createdOn.getTime() - systemClock.now())).toBeLessThan(60_000);
  });

  test("say of an empty partition what the service says", async () => {
    const properties = await producer.getPartitionProperties("7");
    expect(properties).toMatchObject({
      isEmpty: true,
      lastEnqueuedSequenceNumber: -1,
      lastEnqueuedOffset: "-1",
    });
    expect(properties.lastEnqueuedOnUtc.toISOString()).toBe("0001-01-01T00:00:00.000Z");
  });

  test("refuse a partition that there is not", async () => {
    await expect(producer.getPartitionProperties("8")).rejects.toMatchObject({
      code: "ArgumentOutOfRangeError",
    });
  });
});

describe("sending", () => {
  test("keeps body, properties and system properties as they were", async () => {
    const event = {
      body: Buffer.from([0, 1, 255]),
      properties: { kind: "a", n: 7, when: new Date(0) },
      messageId: "m1",
      correlationId: "c1",
      contentType: "application/octet-stream",
    };
    await producer.sendBatch([event], { partitionId: "0" });
    const reading = read("0", earliestEventPosition);
    await eventually("the event", () => reading.events.length === 1);
    await reading.stop();
    const [got] = reading.events;
    expect(got).toMatchObject({
      properties: { kind: "a", n: 7, when: 0 },
      messageId: "m1",
      correlationId: "c1",
      contentType: "application/octet-stream",
      sequenceNumber: 0,
      offset: "0",
    });
    expect(got?.body).toEqual(event.body);
  });

  test("puts a key on the partition of its hash, and tells the reader the key", async () => {
    const partition = String(partitionOfKey("hall-3/2", 8));
    const { lastEnqueuedSequenceNumber } = await producer.getPartitionProperties(partition);
    await producer.sendBatch([{ body: "a" }, { body: "b" }], { partitionKey: "hall-3/2" });
    const after = await producer.getPartitionProperties(partition);
    expect(after.lastEnqueuedSequenceNumber).toBe(lastEnqueuedSequenceNumber + 2);
    const reading = read(partition, {
      sequenceNumber: lastEnqueuedSequenceNumber + 1,
      isInclusive: true,
    });
    await eventually("both", () => reading.events.length === 2);
    await reading.stop();
    expect(reading.events.map(({ partitionKey }) => partitionKey)).toEqual([
      "hall-3/2",
      "hall-3/2",
    ]);
  });

  test("spreads events without key over all partitions", async () => {
    const own = await startTestHub({ partitions: 4 });
    const client = new EventHubProducerClient(own.connectionString, impatient);
    for (let i = 0; i < 8; i++) await client.sendBatch([{ body: i }]);
    for (const id of ["0", "1", "2", "3"]) {
      expect((await client.getPartitionProperties(id)).lastEnqueuedSequenceNumber).toBe(1);
    }
    await client.close();
    await own.stop();
  });

  test("takes an event of nearly 1 MiB, in many frames, both ways", async () => {
    const batch = await producer.createBatch({ partitionId: "6" });
    expect(batch.maxSizeInBytes).toBe(1024 * 1024);
    const body = Buffer.alloc(1024 * 1024 - 200, 65);
    expect(batch.tryAdd({ body })).toBe(true);
    await producer.sendBatch(batch);
    const reading = read("6", earliestEventPosition);
    await eventually("the large event", () => reading.events.length === 1);
    await reading.stop();
    expect(body.equals(reading.events[0]?.body)).toBe(true);
  });

  test("refuses what is larger, and goes on taking what is not", async () => {
    for (const bytes of [1024 * 1024 + 100, 3 * 1024 * 1024]) {
      await expect(
        producer.sendBatch([{ body: Buffer.alloc(bytes) }], { partitionId: "6" }),
      ).rejects.toMatchObject({ code: "MessageTooLargeError" });
    }
    await producer.sendBatch([{ body: "still here" }], { partitionId: "6" });
  });

  test("refuses an unknown hub and an unknown partition", async () => {
    const stranger = new EventHubProducerClient(
      hub.connectionString.replace("EntityPath=telemetry", "EntityPath=nowhere"),
      impatient,
    );
    await expect(stranger.sendBatch([{ body: 1 }])).rejects.toMatchObject({
      code: "MessagingEntityNotFoundError",
    });
    await stranger.close();
    await expect(producer.sendBatch([{ body: 1 }], { partitionId: "99" })).rejects.toMatchObject({
      code: "ArgumentOutOfRangeError",
    });
  });

  test("serves the buffered producer", async () => {
    let sent = 0;
    const failures: unknown[] = [];
    const buffered = new EventHubBufferedProducerClient(hub.connectionString, {
      maxWaitTimeInMs: 50,
      onSendEventsErrorHandler: ({ error }) => void failures.push(error),
      onSendEventsSuccessHandler: ({ events }) => {
        sent += events.length;
      },
    });
    const { lastEnqueuedSequenceNumber: before } = await producer.getPartitionProperties("4");
    for (let i = 0; i < 500; i++) {
      await buffered.enqueueEvent({ body: { i } }, { partitionKey: `key-${i % 23}` });
    }
    await buffered.close();
    expect({ sent, failures }).toEqual({ sent: 500, failures: [] });
    // It computes the partition itself, and names it: that must be the hub's own choice for the key.
    const { lastEnqueuedSequenceNumber: after } = await producer.getPartitionProperties("4");
    const keyed = Array.from({ length: 500 }, (_, i) => partitionOfKey(`key-${i % 23}`, 8));
    expect(after - before).toBe(keyed.filter((partition) => partition === 4).length);
  });
});

/** The first sequence number that a reader of partition 1 gets, or the code of its error. */
async function firstOf(position: EventPosition): Promise<number | string | undefined> {
  const reading = read("1", position);
  await eventually("an event or an error", () => reading.events.length + reading.errors.length > 0);
  await reading.stop();
  return reading.events[0]?.sequenceNumber ?? reading.errors[0];
}

describe("reading", () => {
  test("begins where the position says", async () => {
    const events = await fill("1", 20);
    const middle = events[10]!;
    const last = events.at(-1)!;
    const at = middle.sequenceNumber;
    expect(await firstOf(earliestEventPosition)).toBe(0);
    expect(await firstOf({ sequenceNumber: at })).toBe(at + 1);
    expect(await firstOf({ sequenceNumber: at, isInclusive: true })).toBe(at);
    expect(await firstOf({ offset: middle.offset })).toBe(at + 1);
    expect(await firstOf({ offset: middle.offset, isInclusive: true })).toBe(at);
    const before = new Date(last.enqueuedTimeUtc.getTime() - 1);
    expect(await firstOf({ enqueuedOn: before })).toBe(events[0]?.sequenceNumber);
    expect(await firstOf({ offset: "999999999" })).toBe("ArgumentError");
    expect(await firstOf({ sequenceNumber: 999_999 })).toBe("ArgumentError");
  });

  test("from the latest event on gives only what comes later", async () => {
    await fill("2", 3);
    const reading = read("2", latestEventPosition);
    await eventually(
      "the reader",
      () => [...hub.hub.hubs()][0]!.group("$default")!.readersOf(2).size === 1,
    );
    await producer.sendBatch([{ body: "new" }], { partitionId: "2" });
    await eventually("the new event", () => reading.events.length > 0);
    await reading.stop();
    expect(reading.events.map(({ body }) => body)).toEqual(["new"]);
  });

  test("tells the newest event when it is asked to", async () => {
    await fill("3", 5);
    const client = new EventHubConsumerClient("other", hub.connectionString, impatient);
    let newest: number | undefined;
    const subscription = client.subscribe(
      "3",
      {
        processEvents: async (events, context) => {
          if (events.length > 0) newest = context.lastEnqueuedEventProperties?.sequenceNumber;
        },
        processError: async () => {},
      },
      { startPosition: earliestEventPosition, trackLastEnqueuedEventProperties: true },
    );
    await eventually("the newest event", () => newest !== undefined);
    await subscription.close();
    await client.close();
    const { lastEnqueuedSequenceNumber } = await producer.getPartitionProperties("3");
    expect(newest).toBe(lastEnqueuedSequenceNumber);
  });

  test("refuses an unknown consumer group", async () => {
    const reading = read("1", earliestEventPosition, { group: "strangers" });
    await eventually("the refusal", () => reading.errors.length > 0);
    await reading.stop();
    expect(reading.errors[0]).toBe("MessagingEntityNotFoundError");
  });
});

/** Readers of the contested partition. */
function readers(): number {
  return [...hub.hub.hubs()][0]!.group("penstock")!.readersOf(5).size;
}

function enter(ownerLevel?: number): Reading {
  const options = ownerLevel === undefined ? {} : { ownerLevel };
  return read("5", latestEventPosition, { group: "penstock", ...options });
}

describe("owner levels", () => {
  test("let a higher one take over, and nobody else in", async () => {
    const plain = enter();
    await eventually("a plain reader", () => readers() === 1);
    const second = enter();
    await eventually("a second one beside it", () => readers() === 2);
    const five = enter(5);
    await eventually("the take-over", () => readers() === 1 && plain.errors.length > 0);
    await eventually("the second one's end", () => second.errors.length > 0);
    expect([plain.errors[0], second.errors[0]]).toEqual(Array(2).fill("ReceiverDisconnectedError"));
    await Promise.all([plain.stop(), second.stop()]);

    const three = enter(3);
    await eventually("a lower level's refusal", () => three.errors.length > 0);
    const late = enter();
    await eventually("a plain reader's refusal", () => late.errors.length > 0);
    expect([three.errors[0], late.errors[0]]).toEqual(Array(2).fill("ReceiverDisconnectedError"));
    expect(five.errors).toEqual([]);

    const again = enter(5);
    await eventually("the equal level's take-over", () => five.errors.length > 0);
    await producer.sendBatch([{ body: "for the new owner" }], { partitionId: "5" });
    await eventually("the event", () => again.events.length === 1);
    expect(five.events).toEqual([]);
    await Promise.all([three.stop(), late.stop(), five.stop(), again.stop()]);
  });
});
