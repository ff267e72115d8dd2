/** An agent on a machine whose clock starts in 1970, by Debian's libfaketime. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { connectAsync, type MqttClient } from "mqtt";
import { expect, onTestFinished, vi } from "vitest";
import { systemClock } from "#core/clock.ts";
import { type Peer, peerTest } from "#test/support/peer.ts";
import { getJson, rollupsOf, startPrograms } from "#test/support/programs.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

const LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
const libfaketime: Peer = { probe: ["test", "-e", LIBRARY], debianPackage: "libfaketime" };
const WAIT = { timeout: 20_000, interval: 50 };
const MINUTE_MS = 60_000;

interface Greeting {
  listening: string;
  mqttPort: number;
}

/** Starts an agent in 1970; `setClock` gives it the time that everybody has. */
async function startIn1970(connectionString: string): Promise<Greeting & { setClock: () => void }> {
  const folder = await tempFolder();
  const config = join(folder, "gateway.yaml");
  const timestamp = join(folder, "clock");
  writeFileSync(timestamp, "@1970-01-01 00:01:00\n");
  writeFileSync(
    config,
    `version: 1
gateway: clockless
uplink: { eventHubs: { connectionString: ${JSON.stringify(connectionString)}, hub: telemetry } }
buffer: { path: ${JSON.stringify(join(folder, "buffer"))} }
mqtt: { broker: { listen: "127.0.0.1:0" }, topics: [{ topic: "plant/{device}" }] }
http: { listen: "127.0.0.1:0" }
`,
  );
  const agent = spawn(process.execPath, ["agent/main.ts", "run", "--config", config, "--json"], {
    stdio: ["ignore", "pipe", "ignore"],
    env: {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: timestamp,
      FAKETIME_NO_CACHE: "1",
      DONT_FAKE_MONOTONIC: "1",
    },
  });
  onTestFinished(async () => {
    // It writes into its folder until its end.
    const ended = once(agent, "exit");
    if (agent.kill()) await ended;
  });
  const lines = createInterface({ input: agent.stdout });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  lines.once("line", resolve);
  agent.once("exit", (code) => reject(new Error(`the agent ended with ${code}`)));
  const greeting: Greeting = JSON.parse(await promise);
  return { ...greeting, setClock: () => writeFileSync(timestamp, "+0\n") };
}

async function connect(port: number): Promise<MqttClient> {
  const client = await connectAsync({ host: "127.0.0.1", port });
  onTestFinished(() => client.endAsync(true));
  return client;
}

peerTest(
  "what was read in 1970 is sent in its own time, once the clock is right",
  [libfaketime],
  async () => {
    const programs = await startPrograms();
    const agent = await startIn1970(programs.connectionString);
    const device = await connect(agent.mqttPort);
    const beforeMs = systemClock.now();
    await device.publishAsync("plant/oven", '{"heat":71.2}', { qos: 1 });
    const afterMs = systemClock.now();
    await device.publishAsync("plant/oven", `{"ts":${beforeMs},"own":1}`, { qos: 1 });
    expect(await getJson(agent.listening, "api/status")).toMatchObject({
      clock: { state: "waiting" },
      uplink: { events: 0 },
    });
    agent.setClock();
    await vi.waitFor(async () => {
      const rows = await rollupsOf(programs, { gateway: "clockless" });
      expect(rows.map(({ tag }) => tag).toSorted()).toEqual(["heat", "own"]);
      const heat = rows.find(({ tag }) => tag === "heat");
      expect(heat).toMatchObject({ count: 1, bad: 0, first: 71.2 });
      const minutes = [beforeMs, afterMs].map((ms) => Math.floor(ms / MINUTE_MS) * MINUTE_MS);
      expect(minutes).toContain(heat?.start);
    }, WAIT);
    expect(await getJson(agent.listening, "api/status")).toMatchObject({
      clock: { state: "synced" },
    });
  },
);
