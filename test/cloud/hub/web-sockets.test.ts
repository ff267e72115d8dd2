// oxlint-disable vitest/no-standalone-expect -- peerTest() is a test.
import { execFile } from "node:child_process";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  EventHubConsumerClient,
  EventHubProducerClient,
  earliestEventPosition,
} from "@azure/event-hubs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { eventually, impatient, startTestHub, type TestHub } from "#test/support/hub.ts";
import { type Peer, peerTest } from "#test/support/peer.ts";
import { openssl, selfSigned } from "./self-signed.ts";

/** The SDK always asks for wss; without TLS on the hub, the same goes over ws. */
class PlainWebSocket extends WebSocket {
  constructor(url: string, protocols?: string | string[]) {
    super(url.replace(/^wss:/, "ws:"), protocols);
  }
}

const plain = { ...impatient, webSocketOptions: { webSocket: PlainWebSocket } };

/** Sends events, one of them in many frames, and reads them back. */
async function roundTrip(connectionString: string, options: object): Promise<unknown[]> {
  const producer = new EventHubProducerClient(connectionString, options);
  const consumer = new EventHubConsumerClient("penstock", connectionString, options);
  const large = Buffer.alloc(900_000, 65);
  await producer.sendBatch([{ body: "small" }], { partitionId: "1" });
  await producer.sendBatch([{ body: large }], { partitionId: "1" });
  const bodies: unknown[] = [];
  const subscription = consumer.subscribe(
    "1",
    {
      processEvents: async (events) => void bodies.push(...events.map(({ body }) => body)),
      processError: async () => {},
    },
    { startPosition: earliestEventPosition, maxBatchSize: 10, maxWaitTimeInSeconds: 1 },
  );
  await eventually("both events", () => bodies.length === 2);
  await subscription.close();
  await consumer.close();
  await producer.close();
  return bodies.map((body) => (Buffer.isBuffer(body) ? body.equals(large) : body));
}

async function ended(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve) => {
    socket.on("error", resolve);
    socket.on("close", resolve);
  });
}

describe("AMQP over WebSockets, plain,", () => {
  let hub: TestHub;

  beforeAll(async () => {
    hub = await startTestHub({ partitions: 2, limits: { handshakeTimeoutMs: 2000 } });
  });

  afterAll(async () => {
    await hub.stop();
  });

  const url = (path: string): string => `ws://127.0.0.1:${hub.hub.address.port}${path}`;
  const open = (path = "/$servicebus/websocket"): WebSocket =>
    new WebSocket(url(path), "AMQPWSB10");
  const speak = async (text: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(hub.hub.address.port, "127.0.0.1", () => socket.write(text));
      let answer = "";
      socket.on("data", (bytes: Buffer) => {
        answer += bytes.toString("latin1");
      });
      socket.on("close", () => resolve(answer));
      socket.on("error", () => {});
    });

  test("serves the SDK's producer and consumer on the port of plain AMQP", async () => {
    expect(await roundTrip(hub.connectionString, plain)).toEqual(["small", true]);
  });

  test("survives a dropped connection", async () => {
    const producer = new EventHubProducerClient(hub.connectionString, {
      ...plain,
      retryOptions: { maxRetries: 10, retryDelayInMs: 50, timeoutInMs: 3000 },
    });
    await producer.sendBatch([{ body: 1 }], { partitionId: "0" });
    hub.hub.dropConnections();
    await producer.sendBatch([{ body: 2 }], { partitionId: "0" });
    const { lastEnqueuedSequenceNumber } = await producer.getPartitionProperties("0");
    expect(lastEnqueuedSequenceNumber).toBe(1);
    await producer.close();
  });

  test("tells whoever asks for a page what the port is for", async () => {
    const answer = await speak("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 426 /);
    expect(answer).toContain("AMQP");
  });

  test("knows one path only", async () => {
    expect(String(await ended(open("/elsewhere")))).toContain("404");
  });

  test("cuts off who does not finish the upgrade, or says nothing at all", async () => {
    expect(await speak("GET /$servicebus/websocket HTTP/1.1\r\nHost: x\r\n")).toBe("");
    expect(await speak("")).toBe("");
  });

  test("keeps little of what a stranger sends, however it is cut", async () => {
    const socket = open();
    const end = ended(socket);
    socket.on("open", () => {
      // Fragments of one message that never ends would wait in memory for their end.
      for (let i = 0; i < 100; i++) socket.send(Buffer.alloc(10_000), { fin: false });
    });
    await end;
    await eventually("the close", () => socket.readyState === WebSocket.CLOSED);
    expect(hub.hub.counters.internalErrors).toBe(0);
    await eventually("the end", () => [...hub.hub.connections()].length === 0);
  });

  test("ends the connection of who speaks no AMQP inside", async () => {
    const before = hub.hub.counters.protocolErrors;
    const socket = open();
    socket.on("open", () => socket.send("hello, is anybody there?"));
    await ended(socket);
    expect(hub.hub.counters.protocolErrors).toBe(before + 1);
  });
});

const python3Azure: Peer = {
  probe: ["/usr/bin/python3", "-c", "import azure.eventhub, websocket"],
  debianPackage: "python3-azure python3-websocket",
};
const SCRIPT = fileURLToPath(new URL("python-web-socket.py", import.meta.url));

describe("AMQP over WebSockets, with TLS,", () => {
  peerTest("serves the SDK", [openssl], async () => {
    const { key, cert } = await selfSigned();
    const hub = await startTestHub({ partitions: 2, tls: { key, cert } });
    const options = {
      ...impatient,
      webSocketOptions: { webSocket: WebSocket, webSocketConstructorOptions: { ca: cert } },
    };
    const text = hub.connectionString.replace("127.0.0.1", "localhost");
    expect(await roundTrip(text, options)).toEqual(["small", true]);
    await hub.stop();
  });

  peerTest("serves Debian's azure-eventhub for Python", [python3Azure, openssl], async () => {
    const { key, cert, certPath } = await selfSigned();
    const hub = await startTestHub({ partitions: 2, tls: { key, cert } });
    const { port } = hub.hub.address;
    const text = hub.connectionString.replace(`127.0.0.1:${port}`, "localhost");
    const { stdout } = await promisify(execFile)(
      "/usr/bin/python3",
      [SCRIPT, text, certPath, `https://localhost:${port}`],
      { timeout: 40_000, env: { PATH: "/usr/bin:/bin", PYTHONWARNINGS: "ignore" } },
    );
    expect(JSON.parse(stdout)).toEqual({
      partitions: ["0", "1"],
      bodies: ["one", "x".repeat(300_000)],
    });
    await hub.stop();
  });
});
