/** `buffer …` with a running agent, and on the folder that a stopped one has left. */
import { connectAsync } from "mqtt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Agent } from "#agent/agent.ts";
import { bufferDrainCommand } from "#agent/commands/buffer/drain.ts";
import { bufferDropCommand } from "#agent/commands/buffer/drop.ts";
import { bufferExportCommand } from "#agent/commands/buffer/export.ts";
import { bufferListCommand } from "#agent/commands/buffer/list.ts";
import { bufferStatCommand } from "#agent/commands/buffer/stat.ts";
import { systemClock } from "#core/clock.ts";
import { runCommand } from "#test/support/run-command.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { startAgent, writeGateway } from "./mqtt-agent.ts";

const TS = 1_763_707_200_000;

let file: string;
let agent: Agent | undefined;

beforeEach(async () => {
  file = await writeGateway(await tempFolder());
  agent = await startAgent(file);
  const client = await connectAsync({ host: "127.0.0.1", port: agent.mqttPort ?? 0 });
  for (let i = 0; i < 3; i++) {
    const payload = JSON.stringify({ ts: TS + i, speed: i + 0.5, state: "on" });
    await client.publishAsync("plant/mixer", payload, { qos: 1 });
  }
  await client.endAsync();
});

afterEach(async () => {
  await agent?.stop();
  agent = undefined;
});

async function stopAgent(): Promise<void> {
  await agent?.stop();
  agent = undefined;
}

describe.each([
  { where: "through the running agent", prepare: async () => {} },
  { where: "on the folder of a stopped agent", prepare: stopAgent },
])("buffer commands $where", ({ prepare }) => {
  beforeEach(async () => {
    await prepare();
  });

  test("say what waits", async () => {
    const stat = await runCommand(bufferStatCommand, ["--config", file, "--json"]);
    expect(JSON.parse(stat.out)).toMatchObject({ state: "ok", segments: 3, droppedReadings: 0 });
    const people = await runCommand(bufferStatCommand, ["--config", file]);
    expect(people.out).toMatch(/holds +3 segments, \d+ B of 1\.0 GiB/);
    const rows = await runCommand(bufferListCommand, ["--config", file, "--json", "--limit", "2"]);
    expect(JSON.parse(rows.out)).toMatchObject([
      { segment: 0, readings: 2 },
      { segment: 1, readings: 2 },
    ]);
  });

  test("export the readings, and leave them where they are", async () => {
    for (let round = 0; round < 2; round++) {
      const { out, code } = await runCommand(bufferExportCommand, ["--config", file]);
      const rows = out
        .trim()
        .split("\n")
        .map((line): unknown => JSON.parse(line));
      expect(code).toBe(0);
      expect(rows).toHaveLength(6);
      expect(rows[0]).toEqual({
        device: "mixer",
        tag: "speed",
        ts: TS,
        value: 0.5,
        quality: "good",
      });
    }
  });

  test("drop only what was confirmed, and keep the account of it", async () => {
    const unasked = await runCommand(bufferDropCommand, ["--config", file]);
    expect(unasked.code).toBe(2);
    expect(unasked.err).toContain("--yes");
    const dropped = await runCommand(bufferDropCommand, ["--config", file, "--yes", "--json"]);
    expect(JSON.parse(dropped.out)).toMatchObject({ droppedSegments: 3, droppedReadings: 6 });
    const { out } = await runCommand(bufferExportCommand, ["--config", file]);
    expect(out).toBe("");
    const rows = await runCommand(bufferListCommand, ["--config", file, "--json"]);
    const left: { readings: number }[] = JSON.parse(rows.out);
    expect(left.length).toBeGreaterThan(0);
    expect(left.every(({ readings }) => readings === 0)).toBe(true);
  });
});

describe("buffer drain", () => {
  test("ends by itself where nothing is left, and by a signal where there is no way out", async () => {
    const ending = new AbortController();
    systemClock.after("the operator's patience", 100, () => ending.abort());
    const args = ["--config", file, "--json"];
    const waiting = await runCommand(bufferDrainCommand, args, { signal: ending.signal });
    expect(waiting.code).toBe(1);
    expect(JSON.parse(waiting.out)).toMatchObject({ drained: false, segmentsLeft: 3 });
  });

  test("needs a running agent", async () => {
    await stopAgent();
    const { code, err } = await runCommand(bufferDrainCommand, ["--config", file]);
    expect(code).toBe(1);
    expect(err).toContain("CONTROL_ABSENT");
  });
});
