import { connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { type Clock, systemClock } from "#core/clock.ts";
import { LinkProxy } from "./link-proxy.ts";
import { ManualClock } from "./manual-clock.ts";
import { until } from "./until.ts";

interface Echo {
  link: LinkProxy;
  /** What the far side was sent. */
  arrived: () => string;
}

/** A far side that answers every byte with itself, behind a link. */
async function echoBehindLink(clock: Clock = systemClock): Promise<Echo> {
  let arrived = "";
  const server = createServer((socket) => {
    socket.on("data", (bytes) => {
      arrived += bytes.toString();
      socket.write(bytes);
    });
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  const link = new LinkProxy({ port: 0, targetPort: address.port }, clock);
  await link.start();
  onTestFinished(async () => {
    await link.stop();
    server.close();
  });
  return { link, arrived: () => arrived };
}

interface NearSide {
  socket: Socket;
  answers: () => string;
  end: () => string | undefined;
}

async function connectTo(link: LinkProxy): Promise<NearSide> {
  const socket = connect({ host: "127.0.0.1", port: link.port });
  onTestFinished(() => {
    socket.destroy();
  });
  let answers = "";
  let end: string | undefined;
  socket.on("data", (bytes) => {
    answers += bytes.toString();
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    end = error.code;
  });
  socket.on("close", () => {
    end ??= "closed";
  });
  await until(() => !socket.connecting);
  return { socket, answers: () => answers, end: () => end };
}

test("an open link passes bytes both ways", async () => {
  const { link, arrived } = await echoBehindLink();
  const near = await connectTo(link);
  near.socket.write("reading");
  await until(() => near.answers() === "reading");
  expect(arrived()).toBe("reading");
  expect(link.connections).toBe(1);
});

test("a cut resets connections and refuses new ones until it heals", async () => {
  const { link } = await echoBehindLink();
  const near = await connectTo(link);
  near.socket.write("a");
  await until(() => near.answers() === "a");
  await link.cut();
  await until(() => near.end() === "ECONNRESET");
  const refused = await connectTo(link);
  await until(() => refused.end() === "ECONNREFUSED");
  await link.heal();
  const again = await connectTo(link);
  again.socket.write("b");
  await until(() => again.answers() === "b");
});

test("a black hole passes nothing, and delivers it when it heals", async () => {
  const { link, arrived } = await echoBehindLink();
  const old = await connectTo(link);
  old.socket.write("a");
  await until(() => old.answers() === "a");
  link.blackHole();
  old.socket.write("b");
  const late = await connectTo(link);
  late.socket.write("c");
  // A round through the event loop of both sockets: what could pass would have.
  await systemClock.sleep(50, { name: "nothing passes" });
  expect(arrived()).toBe("a");
  await link.heal();
  await until(() => old.answers() === "ab" && late.answers() === "c");
});

test("a half-open link lets requests through, swallows answers, and is reset when it heals", async () => {
  const { link, arrived } = await echoBehindLink();
  const old = await connectTo(link);
  old.socket.write("a");
  await until(() => old.answers() === "a");
  link.goHalfOpen();
  old.socket.write("b");
  await until(() => arrived() === "ab");
  const fresh = await connectTo(link);
  fresh.socket.write("c");
  await until(() => fresh.answers() === "c");
  expect(old.answers()).toBe("a");
  expect(old.end()).toBeUndefined();
  await link.heal();
  await until(() => old.end() === "ECONNRESET");
  expect(fresh.end()).toBeUndefined();
});

test("a slow link carries everything, when its time has come", async () => {
  const clock = new ManualClock();
  const { link, arrived } = await echoBehindLink(clock);
  link.slow(1000);
  const near = await connectTo(link);
  near.socket.write("x".repeat(500));
  await until(() => clock.waiting.length > 0);
  expect(arrived()).toBe("");
  await clock.advance(500);
  await until(() => arrived().length === 500);
  await until(() => clock.waiting.length > 0);
  await link.heal();
  await until(() => near.answers().length === 500);
});
