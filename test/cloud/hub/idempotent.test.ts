import { EventHubBufferedProducerClient } from "@azure/event-hubs";
import rhea from "rhea";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Typed, typedItems, types } from "#cloud/hub/amqp/codec.ts";
import { PERFORMATIVE } from "#cloud/hub/amqp/performatives.ts";
import { eventually, startTestHub, TEST_HUB, type TestHub } from "#test/support/hub.ts";
import { attachBytes, beginBytes, openBytes, RawClient, transferBytes } from "./raw-client.ts";

const ID = "com.microsoft:producer-id";
const EPOCH = "com.microsoft:producer-epoch";
const SEQUENCE = "com.microsoft:producer-sequence-number";

let hub: TestHub;

beforeEach(async () => {
  // Small segments, so that what is known of producers passes from one to the next.
  hub = await startTestHub({ partitions: 2, segmentBytesMax: 2000 });
});

afterEach(async () => {
  await hub.stop();
});

const stored = (partition = 0): number =>
  [...hub.hub.hubs()][0]?.log.partition(partition).nextSeq ?? -1;

/** A producer that says of itself what the test wants, on a connection of its own. */
async function publish(numbers: readonly number[], epoch = 0): Promise<unknown[]> {
  const raw = new RawClient(hub.hub.address.port);
  const key = /SharedAccessKey=([^;]+)/.exec(hub.connectionString)?.[1] ?? "";
  await raw.login({ name: "RootManageSharedAccessKey", key });
  const marks = { [ID]: types.wrap_long(77), [EPOCH]: types.wrap_short(epoch) };
  const capability = types.wrap_symbol("com.microsoft:idempotent-producer");
  const properties = types.wrap_symbolic_map(marks);
  const more: (Typed | null)[] = [null, null, capability, properties];
  raw.send(openBytes, beginBytes, attachBytes(0, false, `${TEST_HUB}/Partitions/0`, more));
  const outcomes: unknown[] = [];
  raw.onFrame = ({ code, bytes, listAt }) => {
    if (code === PERFORMATIVE.disposition) outcomes.push(outcomeOf(bytes.subarray(listAt)));
    if (code === PERFORMATIVE.detach) outcomes.push("detached");
  };
  for (const [id, number] of numbers.entries()) {
    const annotations = { ...marks, [SEQUENCE]: types.wrap_int(number) };
    const message = rhea.message.encode({
      message_annotations: annotations,
      body: "x".repeat(300),
    });
    raw.send(transferBytes({ handle: 0, id, format: 0, payload: message }));
    await eventually("an answer", () => outcomes.length > id);
  }
  raw.end();
  return outcomes;
}

function outcomeOf(list: Buffer): unknown {
  const state = typedItems(new types.Reader(list).read())[4];
  const [error] = typedItems(state);
  return typedItems(error)[0]?.value ?? "accepted";
}

test("the SDK's buffered producer stores once what it sends again", async () => {
  const problems: unknown[] = [];
  const producer = new EventHubBufferedProducerClient(hub.connectionString, {
    enableIdempotentRetries: true,
    maxWaitTimeInMs: 10,
    retryOptions: { maxRetries: 5, timeoutInMs: 700, retryDelayInMs: 50, maxRetryDelayInMs: 100 },
    onSendEventsErrorHandler: ({ error }) => void problems.push(error),
  });
  const send = async (from: number): Promise<void> => {
    for (let i = from; i < from + 5; i++) {
      await producer.enqueueEvent({ body: { i } }, { partitionId: "0" });
    }
    await producer.flush();
  };
  await send(0);
  hub.hub.faults.loseConfirmations(1);
  await send(5);
  hub.hub.faults.confirmThenDrop(1);
  await send(10);
  await producer.close();
  expect(problems).toEqual([]);
  expect(stored()).toBe(15);
}, 20_000);

test("what was stored before a restart is known after it", async () => {
  const numbers = Array.from({ length: 30 }, (_, i) => i + 1);
  expect(new Set(await publish(numbers))).toEqual(new Set(["accepted"]));
  expect(stored()).toBe(30);
  for (const again of [29, 30, 30]) {
    await hub.restart();
    expect(await publish([again])).toEqual(["accepted"]);
    expect(stored()).toBe(30);
  }
  expect(await publish([31, 33, 31])).toEqual([
    "accepted",
    "com.microsoft:out-of-order-sequence",
    "accepted",
  ]);
  expect(stored()).toBe(31);
}, 20_000);

test("a higher owner level ends the lower one", async () => {
  expect(await publish([1, 2], 3)).toEqual(["accepted", "accepted"]);
  await hub.restart();
  expect(await publish([3], 2)).toEqual(["detached"]);
  expect(await publish([3], 4)).toEqual(["accepted"]);
  expect(stored()).toBe(3);
});
