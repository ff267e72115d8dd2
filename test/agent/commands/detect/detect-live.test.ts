/** `detect status`, `relearn` and `accept` against a running agent. */
import { connectAsync, type MqttClient } from "mqtt";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import type { Agent } from "#agent/agent.ts";
import { alarmListCommand } from "#agent/commands/alarm/list.ts";
import { detectAcceptCommand } from "#agent/commands/detect/accept.ts";
import { detectRelearnCommand } from "#agent/commands/detect/relearn.ts";
import { detectStatusCommand } from "#agent/commands/detect/status.ts";
import { createRandom } from "#core/random.ts";
import { runCommand } from "#test/support/run-command.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { startAgent, writeGateway } from "../mqtt-agent.ts";

let file: string;
let agent: Agent;
let client: MqttClient;
let ts = 1_763_707_200_000;

beforeEach(async () => {
  file = await writeGateway(await tempFolder());
  agent = await startAgent(file);
  client = await connectAsync({ host: "127.0.0.1", port: agent.mqttPort ?? 0 });
});

afterEach(async () => {
  await client.endAsync();
  await agent.stop();
});

async function send(speeds: readonly number[]): Promise<void> {
  const sent = speeds.map((speed) => {
    ts += 1000;
    const payload = JSON.stringify({ ts, speed, load: 2 * speed });
    return client.publishAsync("plant/mixer", payload, { qos: 1 });
  });
  await Promise.all(sent);
}

async function usual(count: number): Promise<void> {
  const random = createRandom(4);
  await send(Array.from({ length: count }, () => 50 + random.normal()));
}

async function statusOf(series: string): Promise<unknown> {
  const { out } = await runCommand(detectStatusCommand, ["--config", file, series, "--json"]);
  return JSON.parse(out);
}

async function figures(): Promise<string[]> {
  const answer = await fetch(`http://127.0.0.1:${agent.httpPort}/metrics`);
  return (await answer.text()).split("\n").filter((line) => line.startsWith("penstock_detectors"));
}

test("status tells what is learnt, and the figures count it", async () => {
  await usual(100);
  expect(await statusOf("mixer/speed")).toMatchObject([
    { device: "mixer", tag: "speed", state: "learning", seen: 100, of: 256 },
  ]);
  const { out } = await runCommand(detectStatusCommand, ["--config", file]);
  expect(out).toMatch(/mixer\/load +learning, 100 of 256 values/);
  expect(await figures()).toContain('penstock_detectors{state="learning"} 2');
});

test("a device is learnt anew when somebody says so", async () => {
  await usual(300);
  expect(await statusOf("mixer")).toMatchObject([{ state: "watching" }, { state: "watching" }]);
  const tag = await runCommand(detectRelearnCommand, ["--config", file, "mixer/load"]);
  expect(tag).toMatchObject({ code: 0, out: "1 series is learnt anew.\n" });
  const all = await runCommand(detectRelearnCommand, ["--config", file, "mixer", "--json"]);
  expect(JSON.parse(all.out)).toEqual({ series: 2 });
  expect(await statusOf("mixer")).toMatchObject([{ state: "learning" }, { state: "learning" }]);
});

test("a restart forgets nothing, and repeats no alarm", async () => {
  await usual(300);
  await send([90]);
  const active = async (): Promise<unknown[]> => {
    const { out } = await runCommand(alarmListCommand, ["--config", file, "--json"]);
    return z.array(z.unknown()).parse(JSON.parse(out));
  };
  const before = await active();
  expect(before).toHaveLength(2);
  await client.endAsync();
  await agent.stop();
  agent = await startAgent(file);
  client = await connectAsync({ host: "127.0.0.1", port: agent.mqttPort ?? 0 });
  await send([90]);
  expect(await statusOf("mixer")).toMatchObject([{ state: "watching" }, { state: "watching" }]);
  const after = await active();
  expect(after).toHaveLength(2);
  expect(after).toEqual(expect.arrayContaining(before));
});

test("a value that was accepted is usual", async () => {
  await usual(300);
  const newest = await runCommand(detectAcceptCommand, ["--config", file, "mixer/speed"]);
  expect(newest.out).toMatch(/^mixer\/speed: [45]\d\.\d+ is usual from now on\.\n$/);
  const given = await runCommand(detectAcceptCommand, [
    "--config",
    file,
    "mixer/speed",
    "90",
    "--json",
  ]);
  expect(JSON.parse(given.out)).toEqual({ value: 90 });
});

test("what is meant wrongly is told", async () => {
  await usual(1);
  const unknown = await runCommand(detectRelearnCommand, ["--config", file, "blender"]);
  expect(unknown).toMatchObject({ code: 1 });
  expect(unknown.err).toContain("the running agent has had no number of blender yet");
  for (const operands of [["mixer"], ["mixer/speed/x"], ["mixer/speed", "fast"], ["/speed"]]) {
    const { code } = await runCommand(detectAcceptCommand, ["--config", file, ...operands]);
    expect(code).toBe(2);
  }
});
