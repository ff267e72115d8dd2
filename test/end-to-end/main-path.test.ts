import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { EventHubProducerClient } from "@azure/event-hubs";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { CHUNK_CONTENT_TYPE } from "#core/chunk-codec.ts";
import { systemClock } from "#core/clock.ts";
import { mosquittoPub, peerTest, pymodbus } from "#test/support/peer.ts";
import { getJson, rollupsOf, startPrograms } from "#test/support/programs.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { PymodbusServer } from "../agent/sources/modbus/pymodbus-server.ts";

const run = promisify(execFile);
const WAIT = { timeout: 20_000, interval: 50 };
const MINUTE_MS = 60_000;

describe("the whole path, as processes", () => {
  peerTest("brings what mosquitto_pub sends into the rollups", [mosquittoPub], async () => {
    const programs = await startPrograms();
    const ts = Math.floor(systemClock.now() / MINUTE_MS) * MINUTE_MS + 1000;
    const publish = async (topic: string, payload: string): Promise<void> => {
      const port = String(programs.mqttPort);
      await run("mosquitto_pub", ["-p", port, "-q", "1", "-t", topic, "-m", payload]);
    };
    await publish("plant/oven-9", JSON.stringify({ ts, temperature: 71.2, running: true }));
    await publish("plant/oven-9", JSON.stringify({ ts: ts + 1, temperature: -0.5 }));
    // None of these is a reading, and none may disturb the others.
    await publish("plant/oven-9", '{"temperature":');
    await publish("elsewhere/oven-9", '{"temperature":1}');
    await publish("plant/oven-9", `{"ts":${ts + 2},"temperature":1e999}`);
    await publish("plant/oven-9", JSON.stringify({ ts: ts + 3, temperature: 80 }));

    await vi.waitFor(async () => {
      const rows = await rollupsOf(programs, { device: "oven-9", tag: "temperature" });
      expect(rows).toHaveLength(1);
      expect(rows[0]).toMatchObject({
        gateway: "demo",
        count: 3,
        bad: 1,
        sum: 150.7,
        min: -0.5,
        max: 80,
        first: 71.2,
        last: 80,
      });
    }, WAIT);
    expect(await rollupsOf(programs, { device: "oven-9", tag: "running" })).toMatchObject([
      { count: 1, first: true },
    ]);
    const values = await getJson(programs.agentUrl, "api/values?device=oven-9");
    expect(JSON.stringify(values)).toContain('"temperature"');
  });

  peerTest(
    "reads a pymodbus server, and says bad for a unit that is not there",
    [pymodbus],
    async () => {
      const server = await PymodbusServer.start({
        1: {
          registers: [
            [0, "float32", "CDAB", 71.2],
            [2, "uint32", "ABCD", 4_000_000_000],
            [4, "int16", "ABCD", -25],
          ],
        },
      });
      onTestFinished(() => server.stop());
      const tags = {
        temperature: { register: 40_001, type: "float32", order: "CDAB" },
        energy: { register: 40_003, type: "uint32" },
        level: { register: 40_005, type: "int16", scale: 0.1 },
      } as const;
      const programs = await startPrograms({
        buses: { plc: { modbus: "tcp", host: "127.0.0.1", port: server.port } },
        devices: {
          "oven-2": { bus: "plc", unit: 1, every: "200ms", line: "a", tags },
          ghost: { bus: "plc", unit: 9, every: "500ms", line: "a", tags: { level: tags.level } },
        },
      });
      await vi.waitFor(async () => {
        const rows = await rollupsOf(programs, {});
        // Of two minutes the newer: one that has just ended may hold too few for ever.
        const row = (device: string, tag: string) =>
          rows.findLast((one) => one.device === device && one.tag === tag);
        expect(row("oven-2", "temperature")).toMatchObject({ min: 71.2, max: 71.2, bad: 0 });
        expect(row("oven-2", "energy")).toMatchObject({ last: 4_000_000_000 });
        expect(row("oven-2", "level")).toMatchObject({ last: -2.5 });
        expect(row("oven-2", "level")!.count).toBeGreaterThan(3);
        expect(row("ghost", "level")!.count).toBe(0);
        expect(row("ghost", "level")!.bad).toBeGreaterThan(0);
      }, WAIT);
    },
  );

  test("buries a poisoned event and goes on with the next", { timeout: 60_000 }, async () => {
    const programs = await startPrograms();
    const producer = new EventHubProducerClient(programs.connectionString, "telemetry");
    onTestFinished(() => producer.close());
    const send = async (body: Buffer, partitionId: string): Promise<void> => {
      await producer.sendBatch([{ body, contentType: CHUNK_CONTENT_TYPE }], { partitionId });
    };
    for (const partitionId of ["0", "1", "2", "3"]) {
      await send(Buffer.from("not even gzip"), partitionId);
    }
    await vi.waitFor(async () => {
      expect(await getJson(programs.sinkUrl, "api/status")).toMatchObject({
        chunks: { deadLettered: 4 },
      });
    }, WAIT);
    const ts = systemClock.now();
    const block = { device: "by-hand", tags: ["x"], t: ts, values: [[1]] };
    const chunk = { v: 1, kind: "readings", gateway: "other", epoch: "e", lane: 0, seq: 0 };
    await send(gzipSync(JSON.stringify({ ...chunk, blocks: [block] })), "2");
    await vi.waitFor(async () => {
      expect(await rollupsOf(programs, { device: "by-hand" })).toMatchObject([{ count: 1 }]);
    }, WAIT);
  });
});

describe("a faulty configuration", () => {
  test("stops the agent before it opens anything, with file, line and column", async () => {
    const folder = await tempFolder();
    const file = join(folder, "gateway.yaml");
    const buffer = join(folder, "buffer");
    await writeFile(
      file,
      `version: 1
gateway: hall-3
uplink:
  eventHubs: { namespace: plant.servicebus.windows.net, hub: telemetry, key: k }
buffer: { path: ${JSON.stringify(buffer)}, linger: 10 }
`,
    );
    const agent = spawnSync(process.execPath, ["agent/main.ts", "run", "--config", file], {
      encoding: "utf8",
    });
    expect(agent.status).toBe(78);
    expect(agent.stderr).toContain(`${file}:5:`);
    expect(agent.stderr).toContain("10ms");
    expect(agent.stdout).toBe("");
    expect(existsSync(buffer)).toBe(false);
  });
});
