import { Writable } from "node:stream";
import { pino } from "pino";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { AlarmTransition } from "#core/alarm.ts";
import type { AlarmState, Notice } from "#core/alarms/contract.ts";
import { type Logger, silentLogger } from "#core/log.ts";
import type { Mirror } from "#core/notify/contract.ts";
import { failingAlarm } from "#core/notify/failing-alarm.ts";
import { Notifications } from "#core/notify/notifications.ts";
import type { Channel, Recipient } from "#core/notify/recipient.ts";
import { webhookBody } from "#core/notify/webhook-body.ts";
import { createRandom } from "#core/random.ts";
import { type HttpReceiver, startHttpReceiver } from "#test/support/http-receiver.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { until } from "#test/support/until.ts";
import { madeEnd, madeNotice, madeRecipient, madeState, PLANT } from "./made-notice.ts";
import { AWAY, OutboxDisk } from "./outbox-disk.ts";

let clock: ManualClock;
let disk: OutboxDisk;
let states: AlarmState[];
let alarms: AlarmTransition[];
let lamp: Lamp;
let shift: HttpReceiver;
let office: HttpReceiver;

/** What a signal's class does with its wire, without one. */
class Lamp implements Mirror {
  readonly kind = "coil";
  readonly everyMs = 10_000;
  readonly restMs = 200;
  readonly shown: string[][] = [];
  failure: Error | undefined;
  tests = 0;

  async show(standing: readonly AlarmState[]): Promise<void> {
    await Promise.resolve();
    if (this.failure) throw this.failure;
    this.shown.push(standing.map(({ key }) => key));
  }

  async test(): Promise<void> {
    await Promise.resolve();
    this.tests += 1;
  }
}

beforeEach(async () => {
  clock = new ManualClock();
  disk = new OutboxDisk();
  states = [];
  alarms = [];
  lamp = new Lamp();
  [shift, office] = [await startHttpReceiver(), await startHttpReceiver()];
});

function hook({ url }: HttpReceiver): Channel {
  return { kind: "webhook", url };
}

const WIRE: Channel = {
  kind: "coil",
  bus: "packer",
  unit: 1,
  table: "coil",
  start: 0,
  shows: "state",
  until: "cleared",
  isInverted: false,
};

function start(recipients: readonly Recipient[], log: Logger = silentLogger): Notifications {
  const notifications = new Notifications({
    recipients,
    device: "(gateway)",
    gateway: "hall-3",
    names: PLANT,
    states: () => states,
    commit: disk.commit,
    onAlarm: (alarm) => void alarms.push(alarm),
    makeSignal: () => lamp,
    clock,
    random: createRandom(1),
    log,
  });
  notifications.start(disk.entries);
  onTestFinished(() => notifications.stop());
  return notifications;
}

/** As a desk does: written first, offered then. */
function tell(notifications: Notifications, ...notices: Notice[]): void {
  const entries = notifications.entriesFor(notices, clock.now());
  disk.put(entries);
  notifications.offer(entries);
}

describe("notifications", () => {
  test("reach each recipient, and a slow one keeps no other waiting", async () => {
    shift.answer(() => {}); // It never answers.
    const running = start([
      madeRecipient("shift", [hook(shift)]),
      madeRecipient("o", [hook(office)]),
    ]);
    tell(running, madeNotice(), madeEnd());
    expect(await office.has(2)).toHaveLength(2);
    expect(shift.received).toHaveLength(1);
    await until(() => disk.entries.length === 2);
    expect(disk.entries.map(({ recipient }) => recipient)).toEqual([
      "shift.webhook",
      "shift.webhook",
    ]);
  });

  test("are tried again where a receiver says nothing for half a minute", async () => {
    shift.answer(() => {});
    const running = start([madeRecipient("shift", [hook(shift)])]);
    tell(running, madeNotice());
    await shift.has(1);
    await clock.advance(30_000);
    await until(() => running.status()[0]?.lastError === "no answer within 30 s");
    await clock.advance(1000);
    expect(await shift.has(2)).toHaveLength(2);
    await until(() => disk.entries.length === 0);
  });

  test("that waited when the process ended are told by the next one, once each", async () => {
    shift.answer(500);
    const first = start([madeRecipient("shift", [hook(shift)])]);
    tell(first, madeNotice(), madeEnd());
    await until(() => first.status()[0]?.failuresInARow === 1);
    await first.stop();
    start([madeRecipient("shift", [hook(shift)])]);
    await clock.advance(10_000);
    const told = (await shift.has(3)).map(({ body }) => JSON.parse(body));
    expect(told.map(({ kind }) => kind)).toEqual(["raised", "raised", "cleared"]);
    expect(told[1].id).toBe(told[0].id);
    await until(() => disk.entries.length === 0);
  });

  test("for a recipient that was taken out of the file are given up", async () => {
    const first = start([madeRecipient("shift", [hook(shift)])]);
    disk.put(first.entriesFor([madeNotice()], clock.now()));
    start([madeRecipient("office", [hook(office)])]);
    await clock.advance(0);
    expect(disk.entries).toEqual([]);
    expect(disk.journal).toMatchObject([
      { kind: "notification-failed", note: "shift.webhook: there is no such recipient any more" },
    ]);
  });

  test("end the alarm about a recipient that was taken out of the file", async () => {
    states = [madeState(failingAlarm("(gateway)", "gone.webhook", "away", clock.now()))];
    start([madeRecipient("shift", [hook(shift)])]);
    await clock.advance(0);
    expect(alarms).toMatchObject([{ tag: "gone.webhook", state: "cleared" }]);
  });

  test("tell how each channel fares", async () => {
    shift.answer(503, 503);
    const running = start([
      madeRecipient("shift", [hook(shift)]),
      madeRecipient("o", [hook(office)]),
    ]);
    tell(running, madeNotice());
    await until(() => running.status().every((each) => each.lastSuccess ?? each.lastFailure));
    expect(running.status()).toMatchObject([
      {
        address: "shift.webhook",
        recipient: "shift",
        kind: "webhook",
        waiting: 1,
        lastSuccess: null,
        lastError: `${shift.url} answered with status 503`,
      },
      { address: "o.webhook", waiting: 0, lastFailure: null, delivered: 1 },
    ]);
  });
});

test("no secret of a receiver's address or key gets into the log, the status or the alarm", async () => {
  let lines = "";
  const log = pino(
    { level: "trace" },
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines += chunk.toString("utf8");
        done();
      },
    }),
  );
  shift.otherwise = 500;
  const url = `${shift.url.replace("//", "//user:pass-word@")}/secret-path?token=secret`;
  const channel = { kind: "webhook", url, key: "secret-key" } as const;
  const running = start([madeRecipient("shift", [channel])], log);
  tell(running, madeNotice());
  for (let tried = 1; alarms.length === 0; tried++) {
    await shift.has(tried);
    await until(() => running.status()[0]?.failuresInARow === tried);
    await clock.advance(60_000);
  }
  const shown = `${lines}${JSON.stringify([running.status(), alarms, disk.journal])}`;
  expect(lines).toContain("a notice was not taken");
  expect(shown).toContain("status 500");
  expect(shown).not.toMatch(/secret|pass-word|token/);
});

describe("a mirror", () => {
  test("follows what stands, and what it is not to show is left out", async () => {
    const red = madeRecipient("red", [WIRE], { minPriority: "high" });
    const running = start([red]);
    await clock.advance(0);
    expect(lamp.shown).toEqual([[]]);
    states = [
      madeState(),
      madeState({ device: "oven-3", priority: "low" }),
      madeState({ device: "oven-4" }, { outOfService: { by: "A", note: "", at: 0 } }),
    ];
    running.refresh();
    await clock.advance(200);
    expect(lamp.shown.at(-1)).toEqual(["oven-2/temperature/limit-hh"]);
    await clock.advance(31_000);
    expect(lamp.shown).toHaveLength(5);
  });

  test("shows changes that follow each other fast together, the last of them in time", async () => {
    const running = start([madeRecipient("red", [WIRE])]);
    await clock.advance(0);
    for (let i = 0; i < 100; i++) {
      states = [madeState({ tag: `t${i}` })];
      running.refresh();
      await clock.advance(1);
    }
    await clock.advance(200);
    expect(lamp.shown).toEqual([[], ["oven-2/t99/limit-hh"]]);
  });

  test("gets no notices, and what it missed does not matter once it works again", async () => {
    lamp.failure = AWAY;
    const running = start([madeRecipient("red", [WIRE])]);
    states = [madeState()];
    tell(running, madeNotice());
    running.refresh();
    await clock.advance(60_000);
    expect(disk.entries).toEqual([]);
    expect(alarms).toMatchObject([{ tag: "red.coil", state: "active" }]);
    lamp.failure = undefined;
    await clock.advance(10_000);
    expect(lamp.shown.at(-1)).toEqual(["oven-2/temperature/limit-hh"]);
    expect(alarms.at(-1)).toMatchObject({ tag: "red.coil", state: "cleared" });
  });

  test("that meets what it was not made for is an alarm, and goes on", async () => {
    lamp.failure = new RangeError("Invalid time");
    start([madeRecipient("red", [WIRE])]);
    await clock.advance(0);
    const message = "red.coil cannot be told of alarms: the notifier failed: Invalid time";
    expect(alarms).toMatchObject([{ state: "active", message }]);
    lamp.failure = undefined;
    await clock.advance(10_000);
    expect(alarms.at(-1)).toMatchObject({ tag: "red.coil", state: "cleared" });
  });

  test("does not show that it fails itself", async () => {
    const raised = failingAlarm("(gateway)", "red.coil", "away", clock.now());
    states = [madeState(raised)];
    start([madeRecipient("red", [WIRE])]);
    await clock.advance(0);
    expect(lamp.shown).toEqual([[]]);
    // And that it does, the last process had said.
    expect(alarms).toMatchObject([{ tag: "red.coil", state: "cleared" }]);
  });
});

describe("a test", () => {
  test("goes to all channels of a recipient, and says which of them took it", async () => {
    shift.answer(404);
    const both = madeRecipient("shift", [hook(shift), WIRE]);
    const running = start([both, madeRecipient("office", [hook(office)])]);
    const outcomes = await running.test("shift", new AbortController().signal);
    expect(outcomes).toEqual([
      { address: "shift.webhook", error: `${shift.url} answered with status 404` },
      { address: "shift.coil", error: null },
    ]);
    expect(lamp.tests).toBe(1);
    expect(office.received).toHaveLength(0);
    const { body } = await shift.first();
    expect(JSON.parse(body)).toMatchObject({ kind: "test", gateway: "hall-3" });
    expect(disk.entries).toEqual([]);
  });

  test("that arrives lets what waits be told at once", async () => {
    shift.answer(503);
    const running = start([madeRecipient("shift", [hook(shift)])]);
    tell(running, madeNotice());
    await shift.first();
    await until(() => running.status()[0]?.failuresInARow === 1);
    shift.answer(200);
    await running.test("shift", new AbortController().signal);
    expect(await shift.has(3)).toHaveLength(3);
    await until(() => running.status()[0]?.waiting === 0);
    const kinds = shift.received.map(({ body }) => webhookBody.parse(JSON.parse(body)).kind);
    expect(kinds).toEqual(["raised", "test", "raised"]);
  });

  test("of nobody is none", async () => {
    const running = start([madeRecipient("shift", [hook(shift)])]);
    expect(await running.test("shft", new AbortController().signal)).toBeUndefined();
  });
});
