import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { connectionsWithin } from "#agent/sources/mqtt/open-files.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";
import { RawClient } from "./raw-client.ts";

/** It starts a program. */
const PROCESS = { timeout: 20_000 };

test.each([
  ["Max open files            1024                 524288               files\n", 768],
  ["Max cpu time  unlimited  unlimited  seconds\nMax open files  300  300  files\n", 150],
  ["Max open files  unlimited  unlimited  files\n", Number.POSITIVE_INFINITY],
])("%j leaves room for %i connections", (limits, connections) => {
  expect(connectionsWithin(limits)).toBe(connections);
});

test(
  "connections beyond the system's limit are refused, and files can still be opened",
  PROCESS,
  async () => {
    const program = fileURLToPath(new URL("crowded-broker.ts", import.meta.url));
    const limited = spawn(
      "/bin/sh",
      ["-c", `ulimit -n 320; exec "$0" "$1"`, process.execPath, program],
      {
        stdio: ["pipe", "pipe", "inherit"],
      },
    );
    onTestFinished(() => void limited.kill());
    const lines = createInterface({ input: limited.stdout });
    const [port]: string[] = await once(lines, "line");
    const clients = Array.from({ length: 400 }, () => new RawClient(Number(port)));
    onTestFinished(() => {
      for (const client of clients) client.destroy();
    });
    await until(() => clients.filter(({ isClosed }) => isClosed).length >= 240);
    const answered = once(lines, "line");
    limited.stdin.write(`${join(await tempFolder(), "kept")}\n`);
    const [counters]: string[] = await answered;
    expect(JSON.parse(counters ?? "")).toMatchObject({ connections_refused: 240, clients: 160 });
  },
);
