import { existsSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findAgent, runningAgent } from "#agent/control/control-client.ts";
import { controlPathOf } from "#agent/control/control-path.ts";
import { type ControlRoutes, ControlServer } from "#agent/control/control-server.ts";
import { systemClock } from "#core/clock.ts";
import { PenstockError } from "#core/errors.ts";
import { silentLogger } from "#core/log.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

const ROUTES: ControlRoutes = {
  "GET /status": () => ({ kind: "json", body: { gateway: "hall-3" } }),
  "POST /echo": ({ body, query }) => ({ kind: "json", body: { body, twice: query.get("twice") } }),
  "GET /count": () => ({ kind: "lines", items: [1, 2, 3] }),
  "GET /refuse": () => {
    throw new PenstockError("PORT_UNAVAILABLE", "the port is taken");
  },
  "GET /refuse-lines": () => {
    throw new PenstockError("BUFFER_FULL", "full");
  },
  "GET /broken": () => {
    throw new TypeError("a fault of ours");
  },
};

async function serve(routes = ROUTES): Promise<{ buffer: string; server: ControlServer }> {
  const buffer = join(await tempFolder(), "buffer");
  const path = controlPathOf(buffer);
  const server = new ControlServer({ path, routes, clock: systemClock, log: silentLogger });
  await server.start();
  onTestFinished(() => server.stop());
  return { buffer, server };
}

test("a command gets the answer of the agent on its buffer", async () => {
  const { buffer } = await serve();
  const agent = await findAgent(buffer);
  expect(await agent?.ask("GET /status")).toEqual({ gateway: "hall-3" });
  expect(await agent?.ask("POST /echo?twice=yes", { body: { a: 1 } })).toEqual({
    body: { a: 1 },
    twice: "yes",
  });
});

test("items come line by line", async () => {
  const { buffer } = await serve();
  const agent = await findAgent(buffer);
  const items: unknown[] = [];
  for await (const item of agent!.lines("GET /count")) items.push(item);
  expect(items).toEqual([1, 2, 3]);
});

test("an operating error reaches the command with its code", async () => {
  const { buffer } = await serve();
  const agent = await findAgent(buffer);
  await expect(agent?.ask("GET /refuse")).rejects.toMatchObject({
    code: "PORT_UNAVAILABLE",
    message: "the port is taken",
  });
  await expect(agent?.lines("GET /refuse-lines").next()).rejects.toMatchObject({
    code: "BUFFER_FULL",
  });
});

test("a fault of the agent's, and an unknown route, are CONTROL_FAILED", async () => {
  const { buffer } = await serve();
  const agent = await findAgent(buffer);
  for (const route of ["GET /broken", "GET /unknown", "POST /status"]) {
    await expect(agent?.ask(route)).rejects.toMatchObject({ code: "CONTROL_FAILED" });
  }
});

test("a body that is too long is refused", async () => {
  const { buffer } = await serve();
  const agent = await findAgent(buffer);
  const asked = agent?.ask("POST /echo", { body: "x".repeat(100_000) });
  await expect(asked).rejects.toMatchObject({ code: "CONTROL_FAILED" });
  expect(await agent?.ask("GET /status")).toEqual({ gateway: "hall-3" });
});

test("the socket is open to its owner and its group only", async () => {
  const { buffer } = await serve();
  expect(statSync(controlPathOf(buffer)).mode & 0o777).toBe(0o660);
});

test("no agent is found where none runs, also beside what a killed one left", async () => {
  const { buffer, server } = await serve();
  expect(await findAgent(join(buffer, "elsewhere"))).toBeUndefined();
  await server.stop();
  expect(await findAgent(buffer)).toBeUndefined();
  await expect(runningAgent(buffer)).rejects.toMatchObject({ code: "CONTROL_ABSENT" });
  writeFileSync(controlPathOf(buffer), "left behind");
  expect(await findAgent(buffer)).toBeUndefined();
  const path = controlPathOf(buffer);
  const next = new ControlServer({ path, routes: ROUTES, clock: systemClock, log: silentLogger });
  await next.start();
  onTestFinished(() => next.stop());
  expect(await findAgent(buffer)).toBeDefined();
});

test("an agent whose buffer's path is too long for a socket works without one", async () => {
  const path = controlPathOf(join(await tempFolder(), "x".repeat(120)));
  const server = new ControlServer({ path, routes: ROUTES, clock: systemClock, log: silentLogger });
  await server.start();
  expect(existsSync(path)).toBe(false);
  await server.stop();
});

test("a route learns that its caller is gone", async () => {
  const gone = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const { buffer } = await serve({
    "GET /wait": async ({ signal }) => {
      signal.addEventListener("abort", () => gone.resolve());
      asked.resolve();
      await gone.promise;
      return { kind: "json", body: null };
    },
  });
  const socket = connect(controlPathOf(buffer));
  socket.write("GET /wait HTTP/1.1\r\nHost: agent\r\n\r\n");
  await asked.promise;
  socket.destroy();
  await expect(gone.promise).resolves.toBeUndefined();
});
