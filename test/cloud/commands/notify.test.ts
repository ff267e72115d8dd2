/** `notify` of the sink, and that a sink tells its recipients, over its real store. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { AlarmService } from "#cloud/alarms/alarm-service.ts";
import { notifyListCommand } from "#cloud/commands/notify-list.ts";
import { notifyTestCommand } from "#cloud/commands/notify-test.ts";
import { SqliteStore } from "#cloud/store/sqlite/sqlite-store.ts";
import { loadSink } from "#config/loading/load-sink.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { startAlarms } from "#test/cloud/alarms/running-alarms.ts";
import { transition } from "#test/contracts/store-desk.ts";
import { type HttpReceiver, startHttpReceiver } from "#test/support/http-receiver.ts";
import { runCommand } from "#test/support/run-command.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";

let shift: HttpReceiver;
let office: HttpReceiver;
let file: string;
let store: SqliteStore;

beforeEach(async () => {
  [shift, office] = [await startHttpReceiver(), await startHttpReceiver()];
  const folder = await tempFolder();
  file = join(folder, "sink.yaml");
  const data = join(folder, "data");
  const login = "SharedAccessKeyName=k;SharedAccessKey=cw==";
  writeFileSync(
    file,
    `version: 1
source: { connectionString: "Endpoint=sb://127.0.0.1:9;${login}", hub: telemetry }
store: { sqlite: ${JSON.stringify(data)} }
alarms:
  shift: { webhook: "${shift.url}/hook", backup: office }
  office: { webhook: "${office.url}/hook" }
`,
  );
  store = new SqliteStore({
    folder: data,
    foldEveryMs: 1e9,
    clock: systemClock,
    log: silentLogger,
  });
  await store.start();
  onTestFinished(() => store.stop());
});

/** What keeps the alarms of one sink process. */
function startService(owner: string): AlarmService {
  return startAlarms(store, owner, { settings: loadSink(file).alarms });
}

function kindsAt({ received }: HttpReceiver): unknown[] {
  return received.map(({ body }) => JSON.parse(body).kind);
}

test("what a sink had not told when it ended, the next one tells, and nothing twice", async () => {
  shift.otherwise = 503;
  const first = startService("one");
  await store.raise(transition("a"));
  first.nudge();
  await shift.has(1);
  await office.has(1);
  await until(async () => (await store.desk.backlog()).notices === 1);
  await first.stop();
  shift.otherwise = 200;
  const tried = shift.received.length;
  const second = startService("two");
  onTestFinished(() => second.stop());
  await until(async () => (await store.desk.backlog()).notices === 0);
  expect(shift.received).toHaveLength(tried + 1);
  const ids = new Set(shift.received.map(({ headers }) => headers["x-penstock-notice-id"]));
  expect(ids.size).toBe(1);
  expect(kindsAt(office)).toEqual(["raised"]);
});

describe("notify ls", () => {
  test("shows who was told when, and whom a notice could not reach", async () => {
    shift.answer(400);
    const service = startService("one");
    onTestFinished(() => service.stop());
    await store.raise(transition("a"));
    service.nudge();
    await until(async () => (await store.desk.backlog()).notices === 0);
    // That shift refused it is an alarm, which its backup hears of.
    await office.has(2);
    const told = office.received.map(({ body }) => JSON.parse(body).rule);
    expect(new Set(told)).toEqual(new Set(["limit-h", "notification-failing"]));
    const { out, code } = await runCommand(notifyListCommand, ["--config", file]);
    expect(out).toMatch(/^shift\.webhook +failing  not lately +\d{4}-\S+ .* status 400$/m);
    expect(out).toMatch(/^office\.webhook  good     \d{4}-/m);
    expect(code).toBe(0);
    const json = await runCommand(notifyListCommand, ["--config", file, "--json"]);
    expect(JSON.parse(json.out)).toMatchObject({
      waiting: 0,
      channels: [{ address: "shift.webhook", isFailing: true }, { isFailing: false }],
    });
  });
});

describe("notify test", () => {
  test("tells a recipient from here, and fails where it is not taken", async () => {
    office.answer(401);
    const good = await runCommand(notifyTestCommand, ["--config", file, "shift"]);
    expect(good).toMatchObject({ code: 0, out: "way            outcome\nshift.webhook  told\n" });
    expect(JSON.parse(shift.received[0]?.body ?? "")).toMatchObject({
      kind: "test",
      gateway: "(sink)",
    });
    const bad = await runCommand(notifyTestCommand, ["--config", file, "--all"]);
    expect(bad.code).toBe(1);
    expect(bad.out).toContain(`office.webhook  failed: ${office.url} answered with status 401`);
  });

  test("of nobody is misuse", async () => {
    const { code, err } = await runCommand(notifyTestCommand, ["--config", file, "rules"]);
    expect(err).toContain('There is no recipient "rules" in the file.');
    expect(code).toBe(2);
  });
});
