import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LiveEvents } from "#core/http/live-events.ts";
import { HttpServer } from "#core/http/server.ts";
import { silentLogger } from "#core/log.ts";
import { until } from "#test/support/until.ts";

const HOST = "127.0.0.1";
let live: LiveEvents;
let server: HttpServer;
let closed = 0;

beforeEach(async () => {
  live = new LiveEvents();
  closed = 0;
  const attach = (response: Parameters<LiveEvents["attach"]>[0]): void => {
    live.attach(response, () => closed++)?.send("hello", { you: "there" });
  };
  const routes = { "/": () => ({ kind: "stream", attach }) as const };
  server = new HttpServer({ host: HOST, port: 0, log: silentLogger, routes, stallMs: 200 });
  await server.start();
});

afterEach(async () => {
  live.close();
  await server.stop();
});

async function listen(): Promise<{ text: () => string; end: () => Promise<void> }> {
  const abort = new AbortController();
  const response = await fetch(`http://${HOST}:${server.port}/`, { signal: abort.signal });
  let text = "";
  const done = (async () => {
    const decoder = new TextDecoder();
    for await (const data of response.body!) text += decoder.decode(data, { stream: true });
  })().catch(() => undefined);
  return {
    text: () => text,
    end: () => {
      abort.abort();
      return done;
    },
  };
}

describe("LiveEvents", () => {
  test("sends to the one that asked, and to all", async () => {
    const first = await listen();
    const second = await listen();
    live.publish("alarm", { message: "two\nlines" });
    const alarm = 'event: alarm\ndata: {"message":"two\\nlines"}\n\n';
    await until(() => first.text().endsWith(alarm) && second.text().endsWith(alarm));
    expect(first.text()).toContain('event: hello\ndata: {"you":"there"}\n\n');
  });

  test("forgets a page that is gone, and goes on with the others", async () => {
    const first = await listen();
    const second = await listen();
    await first.end();
    await until(() => live.clients === 1);
    expect(closed).toBe(1);
    live.publish("n", 1);
    await until(() => second.text().endsWith("event: n\ndata: 1\n\n"));
  });

  test("keeps a page that hears nothing for a while", async () => {
    const page = await listen();
    await delay(500);
    expect(live.clients).toBe(1);
    live.publish("n", 1);
    await until(() => page.text().endsWith("event: n\ndata: 1\n\n"));
  });

  test("drops a page that does not read, at a bounded cost, and keeps the others", async () => {
    const good = await listen();
    const stuck = connect(server.port, HOST);
    stuck.on("error", () => undefined);
    stuck.pause();
    stuck.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    await until(() => live.clients === 2);
    const big = "x".repeat(100_000);
    await until(() => {
      live.publish("big", big);
      return live.clients === 1;
    });
    expect(live.dropped).toBe(1);
    live.publish("n", 1);
    await until(() => good.text().endsWith("event: n\ndata: 1\n\n"));
    stuck.destroy();
  });

  test("turns the sixty-fifth page away", async () => {
    const pages = await Promise.all(Array.from({ length: 64 }, listen));
    const refused = await fetch(`http://${HOST}:${server.port}/`);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "10"]);
    expect(live.refused).toBe(1);
    await Promise.all(pages.map((page) => page.end()));
    await until(() => live.clients === 0);
    const page = await listen();
    await until(() => page.text().includes("hello"));
  });
});
