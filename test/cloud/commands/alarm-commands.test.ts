/** Commands beside a sink that runs: they neither disturb its database, nor need another door. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { SqliteStore } from "#cloud/store/sqlite/sqlite-store.ts";
import { sinkAlarms } from "#config/sink/alarms.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { startAlarms } from "#test/cloud/alarms/running-alarms.ts";
import { transition } from "#test/contracts/store-desk.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";

const MAIN = fileURLToPath(new URL("../../../cloud/main.ts", import.meta.url));
const CONNECTION =
  "Endpoint=sb://127.0.0.1:9;SharedAccessKeyName=k;SharedAccessKey=cw==;EntityPath=telemetry";
const KEY = "hall-3/oven-2/temperature/limit-h";

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

async function run(...args: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const out = { stdout: "", stderr: "" };
  child.stdout.on("data", (part: Buffer) => (out.stdout += part.toString("utf8")));
  child.stderr.on("data", (part: Buffer) => (out.stderr += part.toString("utf8")));
  await once(child, "close");
  return { code: child.exitCode, ...out };
}

async function writeConfig(): Promise<{ file: string; data: string }> {
  const folder = await tempFolder();
  const file = join(folder, "sink.yaml");
  const data = join(folder, "data");
  writeFileSync(
    file,
    `version: 1
source: { connectionString: "${CONNECTION}", hub: telemetry }
store: { sqlite: ${JSON.stringify(data)} }
`,
  );
  return { file, data };
}

test("alarms are listed, acknowledged, shelved and looked up while their sink runs", {
  timeout: 120_000,
}, async () => {
  const { file, data } = await writeConfig();
  expect(await run("alarm", "ls", "--config", file)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no sink has made a database"),
  });
  const options = { folder: data, foldEveryMs: 1e9, clock: systemClock, log: silentLogger };
  const store = new SqliteStore(options);
  await store.start();
  onTestFinished(() => store.stop());
  const service = startAlarms(store, "desk-1");
  onTestFinished(() => service.stop());
  expect(await run("alarm", "ls", "--config", file)).toMatchObject({
    code: 0,
    stdout: "No alarms.\n",
  });

  await store.raise(transition("a", { message: "too hot\u001b[2J" }));
  service.nudge();
  await until(async () => (await store.desk.states()).length === 1);
  const listed = await run("alarm", "ls", "--config", file);
  expect(listed.stdout).toContain(`high      active, unacknowledged  ${KEY}  too hot [2J`);
  const json = await run("alarm", "ls", "--config", file, "--json", "--gateway", "hall-3");
  expect(JSON.parse(json.stdout)).toMatchObject([{ key: KEY }]);

  const acknowledged = await run(
    "alarm",
    "ack",
    "--config",
    file,
    "hall-3/oven-*",
    "--by",
    "ada",
    "--note",
    "seen",
  );
  expect(acknowledged).toMatchObject({ code: 0, stderr: "" });
  expect(acknowledged.stdout).toContain(`active, acknowledged by ada  ${KEY}`);
  expect(await run("alarm", "ack", "--config", file, "hall-3/x/y/z")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("ALARM_UNKNOWN"),
  });
  expect(await run("alarm", "shelve", "--config", file, KEY, "--for", "30m")).toMatchObject({
    code: 0,
  });
  const [state] = await store.desk.states();
  expect(state).toMatchObject({ acknowledged: { by: "ada", note: "seen" }, shelved: {} });
  expect(await run("alarm", "unshelve", "--config", file, KEY)).toMatchObject({ code: 0 });

  const devices = ["--config", file, "hall-3/*"];
  const begun = await run("maintenance", "begin", ...devices, "--for", "1h", "--reason", "service");
  const id = begun.stdout.trim();
  expect((await run("maintenance", "ls", "--config", file)).stdout).toMatch(
    new RegExp(`^${id} .* hall-3/\\* +service$`, "m"),
  );
  expect(await run("maintenance", "end", "--config", file, id)).toMatchObject({ code: 0 });
  const journal = await run("alarm", "journal", "--config", file, KEY, "--json");
  expect(JSON.parse(journal.stdout)).toMatchObject(
    ["unshelved", "shelved", "acknowledged", "raised"].map((kind) => ({ kind })),
  );
  expect(await run("alarm", "shelve", "--config", file, KEY, "--for", "soon")).toMatchObject({
    code: 2,
  });
  expect(await run("alarm", "ack", "--config", file)).toMatchObject({ code: 2 });
});

test("the id in a notice that tells of several acknowledges these and no others", {
  timeout: 120_000,
}, async () => {
  const { file, data } = await writeConfig();
  const options = { folder: data, foldEveryMs: 1e9, clock: systemClock, log: silentLogger };
  const store = new SqliteStore(options);
  await store.start();
  onTestFinished(() => store.stop());
  const settings = sinkAlarms.parse({ shift: { webhook: "http://127.0.0.1:9/" } });
  const service = startAlarms(store, "desk-1", { settings });
  onTestFinished(() => service.stop());
  const silent = async (...devices: string[]): Promise<void> => {
    for (const device of devices) await store.raise(transition(device, { device, rule: "stale" }));
    service.nudge();
  };
  await silent("meter-1", "meter-2");
  await until(async () => (await store.desk.backlog()).notices === 1);
  const [entry] = (await store.desk.load()).outbox;
  await silent("meter-3");
  await until(async () => (await store.desk.states()).length === 3);
  const [id = ""] = /group-[0-9a-f]+$/.exec(entry?.notice.acknowledge ?? "") ?? [];
  expect(await run("alarm", "ack", "--config", file, id)).toMatchObject({ code: 0 });
  const answered = (await store.desk.states()).filter(({ isAcknowledged }) => isAcknowledged);
  expect(answered.map(({ raised }) => raised.device).toSorted()).toEqual(["meter-1", "meter-2"]);
});
