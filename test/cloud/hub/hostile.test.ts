import { EventHubProducerClient } from "@azure/event-hubs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { types } from "#cloud/hub/amqp/codec.ts";
import { protocolHeader } from "#cloud/hub/amqp/frames.ts";
import { PERFORMATIVE } from "#cloud/hub/amqp/performatives.ts";
import { eventually, impatient, startTestHub, TEST_HUB, type TestHub } from "#test/support/hub.ts";
import { fc } from "#test/support/properties.ts";
import {
  attachBytes,
  beginBytes,
  frame,
  openBytes,
  RawClient,
  rawFrame,
  transferBytes,
} from "./raw-client.ts";

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub({ partitions: 2 });
});

afterAll(async () => {
  await hub.stop();
});

const client = (): RawClient => new RawClient(hub.hub.address.port);

const isAttach = ({ code }: { code: number | undefined }): boolean => code === PERFORMATIVE.attach;

async function isServing(): Promise<boolean> {
  const producer = new EventHubProducerClient(hub.connectionString, impatient);
  await producer.sendBatch([{ body: 1 }]);
  await producer.close();
  return true;
}

describe("before login", () => {
  test.each([
    ["random bytes", [Buffer.from("4f8a0011223344556677889900aabbcc", "hex")]],
    ["AMQP 0-9-1", [Buffer.from("AMQP\x00\x00\x09\x01", "latin1")]],
    ["the SASL header twice", [protocolHeader(3), protocolHeader(3)]],
    ["a frame of 0 bytes", [protocolHeader(3), Buffer.alloc(64)]],
    ["a frame that announces 4 GiB", [protocolHeader(3), Buffer.from("ffffffff02010000", "hex")]],
    ["an open instead of SASL", [protocolHeader(3), openBytes]],
    [
      "an unknown mechanism",
      [protocolHeader(3), frame(PERFORMATIVE.saslInit, [types.wrap_symbol("EXTERNAL")], 0, 1)],
    ],
    [
      "a wrong PLAIN password",
      [
        protocolHeader(3),
        frame(
          PERFORMATIVE.saslInit,
          [
            types.wrap_symbol("PLAIN"),
            types.wrap_binary(Buffer.from("\0RootManageSharedAccessKey\0wrong")),
          ],
          0,
          1,
        ),
      ],
    ],
    ["100,000 nested descriptors", [protocolHeader(3), rawFrame(Buffer.alloc(16_000, 0), 0, 1)]],
  ])("%s end the connection, and only that one", async (_name, parts) => {
    const raw = client();
    raw.send(...parts);
    await raw.closed();
    expect(await isServing()).toBe(true);
  });

  test("the right key lets PLAIN in, with the key's rights", async () => {
    const key = /SharedAccessKey=([^;]+)/.exec(hub.connectionString)?.[1] ?? "";
    const raw = client();
    const response = types.wrap_binary(Buffer.from(`\0RootManageSharedAccessKey\0${key}`));
    raw.send(
      protocolHeader(3),
      frame(PERFORMATIVE.saslInit, [types.wrap_symbol("PLAIN"), response], 0, 1),
    );
    const [code] = await raw.received(PERFORMATIVE.saslOutcome);
    expect(code?.value).toBe(0);
    await eventually("the login", () =>
      [...hub.hub.connections()].some(({ isLoggedIn }) => isLoggedIn),
    );
    raw.end();
  });
});

describe("after the handshake", () => {
  test.each([
    [
      "an unknown performative",
      [rawFrame(Buffer.from("00537fc0010045", "hex"))],
      "amqp:connection:framing-error",
    ],
    [
      "a frame without a performative",
      [rawFrame(Buffer.from("a10161", "hex"))],
      "amqp:connection:framing-error",
    ],
    [
      "a transfer on no session",
      [rawFrame(Buffer.from("005314c0020143", "hex"), 7)],
      "amqp:connection:framing-error",
    ],
    [
      "an attach without a name",
      [beginBytes, frame(PERFORMATIVE.attach, [null, types.wrap_uint(0)])],
      "amqp:connection:framing-error",
    ],
    [
      "a handle beyond the limit",
      [
        beginBytes,
        frame(PERFORMATIVE.attach, [
          types.wrap_string("l"),
          types.wrap_uint(9999),
          types.wrap_boolean(false),
        ]),
      ],
      "amqp:connection:framing-error",
    ],
    [
      "a list of 2³² − 1 items",
      [rawFrame(Buffer.from("005311d000000010ffffffff4040404040", "hex"))],
      "amqp:connection:framing-error",
    ],
    [
      "a frame larger than strangers may send",
      [Buffer.from("0000500002000000", "hex")],
      "amqp:connection:framing-error",
    ],
    ["a second SASL exchange", [protocolHeader(3)], "amqp:connection:framing-error"],
    [
      "more than strangers need to send",
      Array.from({ length: 20 }, () =>
        frame(PERFORMATIVE.disposition, [types.wrap_string("x".repeat(4000))]),
      ),
      "amqp:resource-limit-exceeded",
    ],
  ])("%s closes with the right error", async (_name, parts, condition) => {
    const raw = client();
    await raw.login();
    raw.send(openBytes, ...parts);
    expect((await raw.closeError()).condition).toBe(condition);
    await raw.closed();
    expect(await isServing()).toBe(true);
  });

  test("an array of 65,535 nulls in 10 bytes is never decoded", async () => {
    const raw = client();
    await raw.login();
    raw.send(openBytes, rawFrame(Buffer.from("005311c00b01f0000000050000ffff40", "hex")));
    expect((await raw.closeError()).description).toBe("array of empty items too long");
    await raw.closed();
  });

  test("deliveries without an end are bounded over all links of a client", async () => {
    const own = await startTestHub({ limits: { unfinishedBytesMax: 100_000 } });
    const key = /SharedAccessKey=([^;]+)/.exec(own.connectionString)?.[1] ?? "";
    const raw = new RawClient(own.hub.address.port);
    await raw.login({ name: "RootManageSharedAccessKey", key });
    raw.send(openBytes, beginBytes);
    const payload = Buffer.alloc(30_000);
    const part = { id: 0, format: 0, payload, more: true };
    raw.send(attachBytes(0, false, TEST_HUB), transferBytes({ handle: 0, ...part }));
    // What was begun on a link that is gone no longer counts.
    raw.send(frame(PERFORMATIVE.detach, [types.wrap_uint(0), types.wrap_boolean(true)]));
    for (const handle of [1, 2, 3]) {
      raw.send(attachBytes(handle, false, TEST_HUB), transferBytes({ handle, ...part }));
    }
    await eventually("the attaches", () => raw.frames.filter(isAttach).length === 4);
    expect(raw.isClosed).toBe(false);
    raw.send(attachBytes(4, false, TEST_HUB), transferBytes({ handle: 4, ...part }));
    const { condition, description } = await raw.closeError();
    expect(condition).toBe("amqp:connection:framing-error");
    expect(description).toContain("unfinished deliveries");
    await own.stop();
  });

  test("random frames never end anything but their own connection", async () => {
    const code = fc.integer({ min: 0x0f, max: 0x19 });
    const field = fc.oneof(
      fc.nat(300).map((value) => types.wrap_uint(value)),
      fc.string({ maxLength: 20 }).map((value) => types.wrap_string(value)),
      fc.boolean().map((value) => types.wrap_boolean(value)),
      fc.constant(null),
    );
    const frames = fc.array(
      fc.record({
        code,
        fields: fc.array(field, { maxLength: 14 }),
        channel: fc.nat(3),
        flip: fc.nat(400),
      }),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(frames, async (items) => {
        const raw = client();
        await raw.login();
        raw.send(openBytes, beginBytes);
        for (const item of items) {
          const bytes = frame(item.code, item.fields, item.channel);
          if (item.flip > 8 && item.flip < bytes.length) bytes[item.flip] = item.flip;
          raw.send(bytes);
        }
        raw.send(frame(PERFORMATIVE.close, [null]));
        await raw.closed();
      }),
      { numRuns: 150, interruptAfterTimeLimit: 15_000 },
    );
    expect(hub.hub.counters.internalErrors).toBe(0);
    expect(await isServing()).toBe(true);
  }, 30_000);
});

describe("many and slow clients", () => {
  test("strangers are bounded, and 2,000 of them cost little memory", async () => {
    const own = await startTestHub({ limits: { connectionsBeforeLogin: 200 } });
    const { port } = own.hub.address;
    const rssBefore = process.memoryUsage.rss();
    const idle = Array.from({ length: 2000 }, () => new RawClient(port));
    await eventually("the refusals", () => own.hub.counters.connectionsRefused >= 1800, 20_000);
    expect(own.hub.waitingClients).toBeLessThanOrEqual(200);
    // Both ends of all sockets live in this process.
    expect(process.memoryUsage.rss() - rssBefore).toBeLessThan(150 * 1024 * 1024);
    for (const raw of idle) raw.end();
    await eventually("room again", () => own.hub.waitingClients === 0);
    const producer = new EventHubProducerClient(own.connectionString, impatient);
    await producer.sendBatch([{ body: 1 }]);
    await producer.close();
    await own.stop();
  }, 40_000);

  test("who does not finish the handshake, or puts no token, is closed in time", async () => {
    const own = await startTestHub({ limits: { handshakeTimeoutMs: 300, loginTimeoutMs: 900 } });
    const silent = new RawClient(own.hub.address.port);
    const tokenless = new RawClient(own.hub.address.port);
    await tokenless.login();
    tokenless.send(openBytes);
    await silent.closed();
    expect(tokenless.isClosed).toBe(false);
    expect((await tokenless.closeError()).condition).toBe("amqp:connection:forced");
    await tokenless.closed();
    await own.stop();
  });

  test("heartbeats keep a quiet client's own time-out from firing", async () => {
    const raw = client();
    await raw.login();
    raw.send(
      frame(PERFORMATIVE.open, [
        types.wrap_string("quiet"),
        null,
        null,
        null,
        types.wrap_uint(1200),
      ]),
    );
    await raw.received(PERFORMATIVE.open);
    const beats = (): number => raw.frames.filter(({ code }) => code === undefined).length;
    await eventually("heartbeats", () => beats() >= 3);
    expect(raw.isClosed).toBe(false);
    raw.end();
  });
});
