import { createServer, type RequestListener } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import { fetchRollups } from "#sim/programs/rollups.ts";
import { readAgent, readSink, resetLatency } from "#sim/programs/status.ts";

async function serve(handle: RequestListener): Promise<string> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return `http://127.0.0.1:${address.port}/`;
}

const json = (body: unknown) => serve((_, response) => response.end(JSON.stringify(body)));

const agentStatus = {
  program: "agent",
  readings: { bySource: { mqtt: 5, "plc-1": 2 } },
  buffer: { segments: 1, bytes: 200, state: "ok" },
  alarms: { active: 0, raised: 3 },
};
const sinkStatus = {
  program: "sink",
  readings: { accepted: 42, bad: 2, duplicates: 1 },
  alarms: 6,
  latencyMs: { p50: 1.5, p99: 9, max: 12, count: 42 },
};

test("latency is measured anew on demand, and a sink that is down is noticed", async () => {
  const asked: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    asked.push(request.url);
    response.end("{}");
  });
  expect(await resetLatency(url)).toBe(true);
  expect(asked).toEqual(["/api/latency?reset=1"]);
  expect(await resetLatency("http://127.0.0.1:1/")).toBe(false);
});

describe("a status", () => {
  test("of the agent gives what it stored and what waits", async () => {
    expect(await readAgent(await json(agentStatus))).toEqual({
      storedBySource: { mqtt: 5, "plc-1": 2 },
      bufferSegments: 1,
      bufferBytes: 200,
    });
  });

  test("of the sink gives what it committed", async () => {
    expect(await readSink(await json(sinkStatus))).toEqual({
      committed: 42,
      alarms: 6,
      latencyMs: { p50: 1.5, p99: 9, max: 12, count: 42 },
    });
  });

  test("without a figure that the verdict needs is an error, not a zero", async () => {
    const url = await json({ ...agentStatus, readings: {} });
    await expect(readAgent(url)).rejects.toThrow("readings.bySource");
    const other = await json({ ...sinkStatus, readings: { bad: 1 } });
    await expect(readSink(other)).rejects.toThrow("readings.accepted");
  });

  test("of a program that is down, or starting, is none", async () => {
    expect(await readAgent("http://127.0.0.1:1/")).toBeUndefined();
    const starting = await serve((_, response) => response.writeHead(503).end());
    expect(await readSink(starting)).toBeUndefined();
  });
});

const row = (start: number) =>
  `${JSON.stringify({ gateway: "g", device: "d", tag: "t", start, count: 1, bad: 0, exactSum: [1] })}\n`;

describe("rollups", () => {
  test("come line by line, of one-minute width, in whatever pieces they arrive", async () => {
    const asked: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      asked.push(request.url);
      const text = row(60_000) + row(120_000);
      response.write(text.slice(0, 30));
      response.end(text.slice(30));
    });
    const rows = await Array.fromAsync(fetchRollups(url));
    expect(rows.map(({ start }) => start)).toEqual([60_000, 120_000]);
    expect(asked).toEqual(["/api/rollups?width=1m"]);
  });

  test.each<[string, string, RequestListener]>([
    ["is refused", "answers 500", (_, response) => response.writeHead(500).end("{}")],
    [
      "holds what is no row",
      "no row",
      (_, response) => response.end(`${row(60_000)}{"error":"busy"}\n`),
    ],
    [
      "is cut short",
      "terminated",
      (_, response) => {
        response.writeHead(200, { "content-length": "1000" });
        response.write(row(60_000), () => response.destroy());
      },
    ],
  ])("an answer that %s is an error, not a short answer", async (_, why, handle) => {
    const url = await serve(handle);
    await expect(Array.fromAsync(fetchRollups(url))).rejects.toThrow(why);
  });
});
