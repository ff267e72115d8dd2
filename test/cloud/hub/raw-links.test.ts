import { EventHubProducerClient } from "@azure/event-hubs";
import rhea from "rhea";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describedList, typedItems, types } from "#cloud/hub/amqp/codec.ts";
import { fieldsOf, PERFORMATIVE } from "#cloud/hub/amqp/performatives.ts";
import { eventually, impatient, startTestHub, TEST_HUB, type TestHub } from "#test/support/hub.ts";
import { attachBytes, frame, openBytes, RawClient, transferBytes } from "./raw-client.ts";

const UINT_MAX = 0xffff_ffff;
const READER = (partition: number): string =>
  `${TEST_HUB}/ConsumerGroups/$Default/Partitions/${partition}`;
const MESSAGE = rhea.message.encode({ body: "hello" });

let hub: TestHub;
let raw: RawClient;

beforeEach(async () => {
  hub = await startTestHub({ partitions: 2 });
  raw = new RawClient(hub.hub.address.port);
  const key = /SharedAccessKey=([^;]+)/.exec(hub.connectionString)?.[1] ?? "";
  await raw.login({ name: "RootManageSharedAccessKey", key });
  raw.send(openBytes);
});

afterEach(async () => {
  raw.end();
  await hub.stop();
});

function begin(incomingWindow: number): Buffer {
  const numbers = [0, incomingWindow, 5000].map((value) => types.wrap_uint(value));
  return frame(PERFORMATIVE.begin, [null, ...numbers]);
}

interface FlowFields {
  nextIncomingId: number;
  incomingWindow: number;
  handle: number;
  deliveryCount?: number;
  credit: number;
}

function flow(fields: FlowFields): Buffer {
  const { nextIncomingId, incomingWindow, handle, deliveryCount = 0, credit } = fields;
  const numbers = [nextIncomingId, incomingWindow, 0, 5000, handle, deliveryCount, credit];
  return frame(
    PERFORMATIVE.flow,
    numbers.map((value) => types.wrap_uint(value)),
  );
}

const received = (code: number): number => raw.frames.filter((item) => item.code === code).length;
const transfers = (): number => received(PERFORMATIVE.transfer);

async function fill(partition: number, events: number): Promise<void> {
  const producer = new EventHubProducerClient(hub.connectionString, impatient);
  const batch = Array.from({ length: events }, (_, i) => ({ body: i }));
  await producer.sendBatch(batch, { partitionId: String(partition) });
  await producer.close();
}

describe("a reader", () => {
  test.each([
    ["credit", { incomingWindow: 5000, credit: UINT_MAX }],
    ["window", { incomingWindow: UINT_MAX, credit: 100 }],
  ])("may give the largest %s that there is", async (_name, given) => {
    await fill(0, 3);
    raw.send(begin(given.incomingWindow), attachBytes(0, true, READER(0)));
    raw.send(flow({ nextIncomingId: 0, handle: 0, ...given }));
    await eventually("the events", () => transfers() > 0);
    expect(transfers()).toBe(3);
  });

  test("is woken by the window that another one's flow has opened", async () => {
    await fill(0, 2);
    await fill(1, 2);
    raw.send(begin(2), attachBytes(0, true, READER(0)), attachBytes(1, true, READER(1)));
    raw.send(flow({ nextIncomingId: 0, incomingWindow: 2, handle: 0, credit: 2 }));
    await eventually("the first reader's events", () => transfers() === 2);
    raw.send(flow({ nextIncomingId: 2, incomingWindow: 0, handle: 1, credit: 2 }));
    raw.send(
      flow({ nextIncomingId: 2, incomingWindow: 2, handle: 0, deliveryCount: 2, credit: 0 }),
    );
    await eventually("the second reader's events", () => transfers() > 2);
    expect(transfers()).toBe(4);
  });
});

test("a disk that cannot be read costs its reader the link, and nobody else anything", async () => {
  raw.send(begin(5000), attachBytes(0, true, READER(0)));
  raw.send(flow({ nextIncomingId: 0, incomingWindow: 5000, handle: 0, credit: 100 }));
  const [{ log } = { log: undefined }] = [...hub.hub.hubs()];
  await eventually("the reader", () => received(PERFORMATIVE.attach) === 1);
  log!.lookup = () => {
    throw new Error("input/output error");
  };
  await fill(0, 1);
  const [, , error] = await raw.received(PERFORMATIVE.detach);
  expect(
    typedItems(error)
      .map(({ value }) => value)
      .slice(0, 2),
  ).toEqual(["amqp:internal-error", "input/output error"]);
  expect(log!.writer.stats.failures).toBe(0);
});

describe("a sender", () => {
  test("does not lose credit by deliveries that it aborts", async () => {
    raw.send(begin(5000), attachBytes(0, false, TEST_HUB));
    await raw.received(PERFORMATIVE.flow);
    for (let id = 0; id < 900; id++) {
      raw.send(transferBytes({ handle: 0, id, format: 0, payload: MESSAGE, aborted: true }));
    }
    raw.send(transferBytes({ handle: 0, id: 900, format: 0, payload: MESSAGE }));
    await raw.received(PERFORMATIVE.disposition);
    const last = raw.frames.findLast((item) => item.code === PERFORMATIVE.flow)!;
    const [, , , , , deliveryCount, credit] = fieldsOf(last).map(({ value }) => Number(value));
    expect(deliveryCount! + credit!).toBeGreaterThan(1100);
  });

  test("is refused what belongs to a transaction, and nothing of it is stored", async () => {
    const coordinator = describedList(0x30, [types.wrap_symbol("amqp:local-transactions")]);
    const source = describedList(0x28, []);
    raw.send(
      begin(5000),
      frame(PERFORMATIVE.attach, [
        types.wrap_string("coordinator"),
        types.wrap_uint(0),
        types.wrap_boolean(false),
        null,
        null,
        source,
        coordinator,
        null,
        null,
        types.wrap_uint(0),
      ]),
    );
    const [, , error] = await raw.received(PERFORMATIVE.detach);
    expect(typedItems(error)[0]?.value).toBe("amqp:not-implemented");
    const state = describedList(0x34, [types.wrap_binary(Buffer.from("t1"))]);
    raw.send(attachBytes(1, false, `${TEST_HUB}/Partitions/0`));
    raw.send(transferBytes({ handle: 1, id: 0, format: 0, payload: MESSAGE, state }));
    const [, , , , outcome] = await raw.received(PERFORMATIVE.disposition);
    const [reason] = typedItems(outcome);
    expect(typedItems(reason)[0]?.value).toBe("amqp:transaction:unknown-id");
    expect([...hub.hub.hubs()][0]?.log.partition(0).nextSeq).toBe(0);
  });
});
