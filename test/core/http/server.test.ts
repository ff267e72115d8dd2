import { request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { pino } from "pino";
import { afterEach, describe, expect, test } from "vitest";
import { PenstockError } from "#core/errors.ts";
import {
  BadRequest,
  type HttpRoute,
  HttpServer,
  type HttpServerOptions,
} from "#core/http/server.ts";
import { silentLogger } from "#core/log.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { until } from "#test/support/until.ts";

const HOST = "127.0.0.1";
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function serve(
  routes: Record<string, HttpRoute>,
  options: Partial<HttpServerOptions> = {},
): Promise<HttpServer> {
  const server = new HttpServer({ host: HOST, port: 0, routes, log: silentLogger, ...options });
  await server.start();
  closers.push(() => server.stop());
  return server;
}

function get(server: HttpServer, path: string, init?: RequestInit): Promise<Response> {
  return fetch(`http://${HOST}:${server.port}${path}`, init);
}

async function socketTo(server: HttpServer): Promise<Socket> {
  const socket = connect(server.port, HOST);
  closers.push(() => socket.destroy());
  socket.on("error", () => undefined);
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  return socket;
}

async function answerTo(server: HttpServer, text: string): Promise<string> {
  const socket = await socketTo(server);
  let answer = "";
  socket.on("data", (data) => {
    answer += data.toString();
  });
  socket.write(text);
  await until(() => answer.includes("\r\n\r\n"));
  return answer;
}

describe("HttpServer", () => {
  test("answers routes by exact path, with their query", async () => {
    const server = await serve({
      "/api/echo": ({ query }) => ({ kind: "json", body: { said: query.get("say") } }),
    });
    const response = await get(server, "/api/echo?say=hello%20there");
    expect(await response.json()).toEqual({ said: "hello there" });
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect((await get(server, "/api/echo/")).status).toBe(404);
    expect((await get(server, "/constructor")).status).toBe(404);
  });

  test("takes nothing but GET and HEAD, and says so", async () => {
    const server = await serve({ "/": () => ({ kind: "json", body: {} }) });
    const refused = await get(server, "/", { method: "POST", body: "x".repeat(100_000) });
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test("answers HEAD without a body, whatever the reply", async () => {
    let attached = 0;
    const server = await serve({
      "/json": () => ({ kind: "json", body: { a: 1 } }),
      "/lines": () => ({ kind: "lines", items: [1, 2] }),
      "/stream": () => ({ kind: "stream", attach: () => attached++ }),
    });
    for (const path of ["/json", "/lines", "/stream"]) {
      const response = await get(server, path, { method: "HEAD" });
      expect([response.status, await response.text()]).toEqual([200, ""]);
    }
    expect(attached).toBe(0);
  });

  test("answers a caller's mistake with 400 and its reason", async () => {
    const server = await serve({
      "/": () => {
        throw new BadRequest("from must be a number");
      },
    });
    const response = await get(server, "/");
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: "from must be a number" });
  });

  test("answers a fault of ours with 500, tells nothing of it, and logs it once in a while", async () => {
    const lines: string[] = [];
    const server = await serve(
      {
        "/": () => {
          throw new Error("secret path");
        },
      },
      { log: pino({}, { write: (line) => lines.push(line) }), clock: new ManualClock() },
    );
    for (let i = 0; i < 20; i++) {
      const response = await get(server, "/");
      expect([response.status, await response.text()]).toEqual([500, '{"error":"internal error"}']);
    }
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("secret path");
  });

  test.each([
    ["an address that is none", "GET http://[ HTTP/1.1\r\nhost: x\r\n\r\n", "400"],
    ["rubbish", "\u0000\u0001\u0002 nonsense\r\n\r\n", "400"],
    ["a double slash", "GET // HTTP/1.1\r\nhost: x\r\n\r\n", "400"],
    ["headers without end", `GET / HTTP/1.1\r\nx: ${"y".repeat(40_000)}\r\n\r\n`, "431"],
  ])("survives %s", async (_what, text, status) => {
    const server = await serve({ "/": () => ({ kind: "json", body: "fine" }) });
    expect(await answerTo(server, text)).toContain(`HTTP/1.1 ${status}`);
    expect(await (await get(server, "/")).json()).toBe("fine");
  });

  test("makes lines only as fast as their reader takes them, and stops when it is gone", async () => {
    let made = 0;
    let ended = false;
    function* endless(): Iterable<string> {
      try {
        for (;;) {
          made += 1;
          yield "x".repeat(10_000);
        }
      } finally {
        ended = true;
      }
    }
    const server = await serve({ "/": () => ({ kind: "lines", items: endless() }) });
    const socket = await socketTo(server);
    socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    socket.pause();
    let before = -1;
    await until(() => {
      const still = made === before && made > 0;
      before = made;
      return still;
    });
    expect(made * 10_000).toBeLessThan(32 * 1024 * 1024);
    socket.destroy();
    await until(() => ended);
    expect(ended).toBe(true);
  });

  test("drops a reader that takes nothing for too long", async () => {
    let ended = false;
    function* endless(): Iterable<string> {
      try {
        for (;;) yield "x".repeat(10_000);
      } finally {
        ended = true;
      }
    }
    const server = await serve(
      { "/": () => ({ kind: "lines", items: endless() }) },
      { stallMs: 100 },
    );
    const socket = await socketTo(server);
    socket.pause();
    socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    await until(() => ended);
    expect(ended).toBe(true);
  });

  test("refuses connections past the limit, counts them, and takes new ones later", async () => {
    const server = await serve({ "/": () => ({ kind: "json", body: "fine" }) });
    const sockets = await Promise.all(Array.from({ length: 260 }, () => socketTo(server)));
    await until(() => server.refused >= 4);
    for (const socket of sockets) socket.destroy();
    const status = async (): Promise<number | undefined> =>
      (await get(server, "/").catch(() => undefined))?.status;
    await until(async () => (await status()) === 200);
    expect(server.refused).toBeLessThan(20);
  });

  test("says which address cannot be had", async () => {
    const server = await serve({});
    const second = new HttpServer({ host: HOST, port: server.port, routes: {}, log: silentLogger });
    const error = await second.start().catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(PenstockError);
    expect(error).toMatchObject({ code: "LISTEN_FAILED", context: { port: server.port } });
  });

  test("stops at once, even with a request under way", async () => {
    const server = await serve({ "/": () => new Promise(() => undefined) });
    const pending = new Promise((resolve) => {
      httpRequest({ host: HOST, port: server.port }).on("error", resolve).end();
    });
    const socket = await socketTo(server);
    socket.write("GET / HTTP/1.1\r\n");
    await server.stop();
    expect(await pending).toBeInstanceOf(Error);
    await server.stop();
  });
});
