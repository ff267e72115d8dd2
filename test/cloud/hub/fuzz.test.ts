import { connect, type Socket } from "node:net";
import { EventHubProducerClient } from "@azure/event-hubs";
import rhea from "rhea";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AccessKeys } from "#cloud/hub/access/access-keys.ts";
import { verifySasToken } from "#cloud/hub/access/sas-token.ts";
import { types } from "#cloud/hub/amqp/codec.ts";
import { protocolHeader } from "#cloud/hub/amqp/frames.ts";
import { PERFORMATIVE } from "#cloud/hub/amqp/performatives.ts";
import { impatient, startTestHub, type TestHub } from "#test/support/hub.ts";
import { fc } from "#test/support/properties.ts";
import {
  attachBytes,
  beginBytes,
  frame,
  openBytes,
  rawFrame,
  transferBytes,
} from "./raw-client.ts";

// Each part runs for a bounded time; fast-check prints the seed under which something failed.
const TIME_LIMIT_MS = 3000;
const RUNS = 400;
const GROWTH_BYTES_MAX = 150 * 1024 * 1024;

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub({ partitions: 2 });
});

afterAll(async () => {
  await hub.stop();
});

/** Sends the parts, then says goodbye; resolves when the hub has ended the connection as well. */
async function visit(parts: readonly Uint8Array[]): Promise<void> {
  await new Promise<void>((resolve) => {
    const socket: Socket = connect(hub.hub.address.port, "127.0.0.1", () => {
      for (const part of parts) socket.write(part);
      socket.end();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve());
    socket.resume();
  });
}

/** Lets visitors come for a while; the hub must neither break nor grow, and must serve others. */
async function besiege(
  visitors: fc.Arbitrary<readonly Uint8Array[]>,
  login: readonly Buffer[] = [],
): Promise<void> {
  const rssBefore = process.memoryUsage.rss();
  await fc.assert(
    fc.asyncProperty(visitors, async (parts) => visit([...login, ...parts])),
    { numRuns: RUNS, interruptAfterTimeLimit: TIME_LIMIT_MS },
  );
  expect(hub.hub.counters.internalErrors).toBe(0);
  expect(process.memoryUsage.rss() - rssBefore).toBeLessThan(GROWTH_BYTES_MAX);
  const producer = new EventHubProducerClient(hub.connectionString, impatient);
  await producer.sendBatch([{ body: 1 }]);
  await producer.close();
}

const noise = fc.uint8Array({ maxLength: 400 });

/** A valid part, with bytes overwritten, cut off, or put in. */
function damaged(part: Buffer): fc.Arbitrary<Uint8Array> {
  const at = fc.nat(part.length - 1);
  const overwritten = fc
    .array(fc.tuple(at, fc.nat(255)), { minLength: 1, maxLength: 4 })
    .map((changes) => {
      const copy = Buffer.from(part);
      for (const [place, value] of changes) copy[place] = value;
      return copy;
    });
  const cut = at.map((length) => part.subarray(0, length));
  const longer = fc
    .tuple(at, noise)
    .map(([place, more]) => Buffer.concat([part.subarray(0, place), more, part.subarray(place)]));
  return fc.oneof(fc.constant(part), overwritten, cut, longer);
}

const BOMB = rawFrame(Buffer.concat([Buffer.alloc(8000, 0), Buffer.from("40", "hex")]));

test("random bytes and damaged handshakes before login break nothing", async () => {
  const init = frame(PERFORMATIVE.saslInit, [types.wrap_symbol("ANONYMOUS")], 0, 1);
  const upgrade = Buffer.from(
    "GET /$servicebus/websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Protocol: AMQPWSB10\r\n\r\n",
  );
  const parts = [protocolHeader(3), protocolHeader(0), init, openBytes, upgrade, BOMB];
  const { protocolErrors } = hub.hub.counters;
  await besiege(fc.array(fc.oneof(noise, ...parts.map(damaged)), { minLength: 1, maxLength: 6 }));
  expect(hub.hub.counters.protocolErrors).toBeGreaterThan(protocolErrors);
}, 20_000);

/** A message to one of the hub's own nodes. */
function request(properties: object, body: unknown): Buffer {
  return rhea.message.encode({
    message_id: "1",
    reply_to: "mine",
    application_properties: properties,
    body,
  });
}

/** Everything that a client with the key may do, ready to be damaged. */
function conversation(): { login: Buffer[]; parts: Buffer[] } {
  const key = /SharedAccessKey=([^;]+)/.exec(hub.connectionString)?.[1] ?? "";
  const response = types.wrap_binary(Buffer.from(`\0RootManageSharedAccessKey\0${key}`));
  const event = rhea.message.encode({
    message_annotations: { "x-opt-partition-key": "k" },
    application_properties: { a: 1 },
    body: rhea.message.data_section(Buffer.from("event")),
  });
  const batch = rhea.message.encode({ body: rhea.message.data_sections([event, event]) });
  const token = request(
    { operation: "put-token", type: "servicebus.windows.net:sastoken", name: "sb://x/telemetry" },
    "SharedAccessSignature sr=x&sig=y&se=1&skn=z",
  );
  const read = request(
    { operation: "READ", type: "com.microsoft:partition", name: "telemetry", partition: "0" },
    [],
  );
  const flow = [0, 5000, 0, 5000, 3, 0, 100].map((value) => types.wrap_uint(value));
  return {
    login: [
      protocolHeader(3),
      frame(PERFORMATIVE.saslInit, [types.wrap_symbol("PLAIN"), response], 0, 1),
      protocolHeader(0),
      openBytes,
      beginBytes,
    ],
    parts: [
      attachBytes(0, false, "telemetry/Partitions/0"),
      attachBytes(1, false, "$cbs"),
      attachBytes(2, false, "$management"),
      attachBytes(3, true, "telemetry/ConsumerGroups/$Default/Partitions/0"),
      attachBytes(4, true, "$cbs"),
      attachBytes(5, true, "$management"),
      frame(PERFORMATIVE.flow, flow),
      transferBytes({ handle: 0, id: 0, format: 0, payload: event }),
      transferBytes({ handle: 0, id: 1, format: 0x80013700, payload: batch }),
      transferBytes({ handle: 1, id: 2, format: 0, payload: token }),
      transferBytes({ handle: 2, id: 3, format: 0, payload: read }),
      frame(PERFORMATIVE.detach, [types.wrap_uint(0), types.wrap_boolean(true)]),
      frame(PERFORMATIVE.end, [null]),
      BOMB,
    ],
  };
}

test("damaged frames of a client that has logged in break nothing", async () => {
  const { login, parts } = conversation();
  // In their order, as a client sends them, each of them perhaps damaged, and noise at the end.
  const all = fc.tuple(...parts.map(damaged), noise);
  const one = fc
    .nat(parts.length - 1)
    .chain((index) =>
      damaged(parts[index] ?? BOMB).map((bytes) => parts.with(index, Buffer.from(bytes))),
    );
  const { eventsIn, loginsRefused } = hub.hub.counters;
  await besiege(fc.oneof(all, one), login);
  // What was not damaged was understood, so the damage reached beyond the login.
  expect(hub.hub.counters.eventsIn).toBeGreaterThan(eventsIn + 10);
  expect(hub.hub.counters.loginsRefused).toBeGreaterThan(loginsRefused + 10);
}, 20_000);

test("a token of any form is refused with a reason, never with an exception", () => {
  const keys = new AccessKeys([{ name: "all", key: "secret", rights: ["Send"] }]);
  const field = fc.constantFrom("sr", "sig", "se", "skn", "", "sr=&sr", "__proto__");
  const value = fc.oneof(fc.string(), fc.constantFrom("%", "%zz", "1e999", "-1", "all", "NaN"));
  const text = fc
    .array(fc.tuple(field, value), { maxLength: 6 })
    .map((pairs) => `SharedAccessSignature ${pairs.map((pair) => pair.join("=")).join("&")}`);
  fc.assert(
    fc.property(fc.oneof(text, fc.string()), (token) => {
      expect(verifySasToken(token, keys, 0).kind).toBe("refused");
    }),
    { numRuns: 2000 },
  );
});
