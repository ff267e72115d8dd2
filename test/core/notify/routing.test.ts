import { describe, expect, test } from "vitest";
import type { Notice } from "#core/alarms/contract.ts";
import { failingAlarm } from "#core/notify/failing-alarm.ts";
import { toldAtMs } from "#core/notify/quiet-hours.ts";
import type { Channel, Recipient } from "#core/notify/recipient.ts";
import { entriesFor, isStanding } from "#core/notify/routing.ts";
import { madeEnd, madeNotice, madeRecipient, madeState } from "./made-notice.ts";

const NOW = Date.UTC(2025, 10, 21, 12, 0);
const webhook: Channel = { kind: "webhook", url: "https://hooks.example.com" };
const mail: Channel = {
  kind: "mail",
  host: "127.0.0.1",
  port: 25,
  tls: "none",
  from: "g@example.com",
  to: ["s@example.com"],
};
const alertmanager: Channel = { kind: "alertmanager", urls: ["http://127.0.0.1:9093"] };

function toldOf(notice: Notice, recipients: readonly Recipient[]): string[] {
  return entriesFor([notice], recipients, "(gateway)", NOW).map(({ recipient }) => recipient);
}

/** That `shift.webhook` fails. */
function failing(): Notice {
  const { device, tag, rule, priority } = failingAlarm("(gateway)", "shift.webhook", "away", NOW);
  return madeNotice({ device, tag, rule, priority, key: `${device}/${tag}/${rule}` });
}

describe("a recipient is told", () => {
  test("by each of its channels, but for those that show what stands", () => {
    const shift = madeRecipient("shift", [webhook, mail, alertmanager]);
    expect(toldOf(madeNotice(), [shift])).toEqual(["shift.webhook", "shift.mail"]);
  });

  test("of what is urgent enough", () => {
    const shift = madeRecipient("shift", [webhook], { minPriority: "high" });
    expect(toldOf(madeNotice({ priority: "critical" }), [shift])).toHaveLength(1);
    expect(toldOf(madeNotice({ priority: "medium" }), [shift])).toHaveLength(0);
  });

  test.each([
    [["oven-*"], true],
    [["press-?", "oven-2"], true],
    [["hall-3/oven-*"], true],
    [["hall-4/*"], false],
    [["press-*"], false],
  ])("of devices like %j: %j", (devices, isTold) => {
    const shift = madeRecipient("shift", [webhook], { devices });
    expect(toldOf(madeNotice(), [shift])).toHaveLength(isTold ? 1 : 0);
    expect(toldOf(madeEnd(), [shift])).toHaveLength(isTold ? 1 : 0);
  });

  test("of a group of thousands with a device of theirs, which is named among the fifty", () => {
    const shift = madeRecipient("shift", [webhook], { devices: ["meter-999"] });
    const key = "group/silent/rs485-a/1";
    const members = Array.from({ length: 1000 }, (_, at) => `meter-${at}/(device)/silent`);
    const group = { ...madeNotice({ kind: "group", key, rule: "silent" }), members, count: 1000 };
    const [entry] = entriesFor([group], [shift], "(gateway)", NOW);
    expect(entry?.notice).toMatchObject({ members: ["meter-999/(device)/silent"], count: 1000 });
    const [all] = entriesFor([group], [madeRecipient("all", [webhook])], "(gateway)", NOW);
    expect(all?.notice.members).toHaveLength(50);
  });

  test("of a group with a device of theirs, and of its end, which may name another", () => {
    const shift = madeRecipient("shift", [webhook], { devices: ["meter-9"] });
    const key = "group/silent/rs485-a/1";
    const group = madeNotice({ kind: "group", key, device: "meter-1", rule: "silent" });
    const members = ["meter-1/(device)/silent", "meter-9/(device)/silent"];
    expect(toldOf({ ...group, members }, [shift])).toHaveLength(1);
    expect(toldOf({ ...group, members: members.slice(0, 1) }, [shift])).toHaveLength(0);
    expect(toldOf(madeEnd({ key, device: "meter-1", rule: "silent" }), [shift])).toHaveLength(1);
  });
});

describe("of a channel that fails hears", () => {
  const shift = madeRecipient("shift", [webhook, mail]);
  const office = madeRecipient("office", [mail], { minPriority: "critical", devices: ["oven-*"] });
  const boss = madeRecipient("boss", [webhook]);

  test("everybody, whatever they chose, but never the channel itself", () => {
    expect(toldOf(failing(), [shift, office, boss])).toEqual([
      "shift.mail",
      "office.mail",
      "boss.webhook",
    ]);
  });

  test("only the backup, and its recipient's other channels, where there is one", () => {
    const withBackup = { ...shift, backup: "office" };
    expect(toldOf(failing(), [withBackup, office, boss])).toEqual(["shift.mail", "office.mail"]);
  });

  test("in the sink, of a gateway's, whoever chose to", () => {
    const told = entriesFor([failing()], [{ ...shift, backup: "office" }, office], "(sink)", NOW);
    expect(told.map(({ recipient }) => recipient)).toEqual(["shift.webhook", "shift.mail"]);
  });

  test("somebody at once, also in quiet hours", () => {
    const quiet = { fromMinute: 0, toMinute: 23 * 60, except: "critical" as const, zone: "UTC" };
    const [entry] = entriesFor([failing()], [{ ...office, quiet }], "(gateway)", NOW);
    expect(entry?.dueAt).toBe(NOW);
  });
});

test("what is shelved, suppressed, out of service or untold stands for nobody", () => {
  const whom = { by: "A", note: "", at: NOW };
  expect(isStanding(madeState())).toBe(true);
  expect(isStanding(madeState({}, { shelved: { ...whom, until: NOW + 1 } }))).toBe(false);
  expect(isStanding(madeState({}, { outOfService: whom }))).toBe(false);
  expect(isStanding(madeState({}, { suppressedBy: "bus" }))).toBe(false);
  expect(isStanding(madeState({}, { isNotified: false }))).toBe(false);
  expect(isStanding(madeState({}, { isActive: false }))).toBe(false);
  expect(isStanding(madeState({}, { isActive: false, isLatched: true }))).toBe(true);
});

describe("quiet hours", () => {
  const night = { fromMinute: 22 * 60, toMinute: 6 * 60, except: "critical" as const };
  const vienna = { ...night, zone: "Europe/Vienna" };

  test.each([
    ["before they begin", "2025-11-21T20:59:59Z", "2025-11-21T20:59:59Z"],
    ["when they begin", "2025-11-21T21:00:00Z", "2025-11-22T05:00:00Z"],
    ["after midnight", "2025-11-22T01:30:30Z", "2025-11-22T05:00:00Z"],
    ["when they end", "2025-11-22T05:00:00Z", "2025-11-22T05:00:00Z"],
    ["in the night that clocks go forward", "2026-03-29T00:30:00Z", "2026-03-29T04:00:00Z"],
    ["in the night that clocks go back", "2026-10-24T22:30:00Z", "2026-10-25T05:00:00Z"],
  ])("%s hold back until their end, by the clock on the wall", (_, now, told) => {
    expect(new Date(toldAtMs(vienna, "medium", Date.parse(now))).toISOString()).toBe(
      new Date(told).toISOString(),
    );
  });

  test("within one day", () => {
    const lunch = { fromMinute: 12 * 60, toMinute: 13 * 60, except: "high" as const, zone: "UTC" };
    expect(toldAtMs(lunch, "medium", Date.parse("2025-11-21T12:10:00Z"))).toBe(
      Date.parse("2025-11-21T13:00:00Z"),
    );
    expect(toldAtMs(lunch, "medium", Date.parse("2025-11-21T13:10:00Z"))).toBe(
      Date.parse("2025-11-21T13:10:00Z"),
    );
  });

  test("hold back nothing that is as urgent as they allow", () => {
    const now = Date.parse("2025-11-22T01:30:00Z");
    expect(toldAtMs(vienna, "critical", now)).toBe(now);
    expect(toldAtMs(vienna, "high", now)).toBeGreaterThan(now);
    expect(toldAtMs(undefined, "low", now)).toBe(now);
  });

  test("that begin when they end are none", () => {
    const none = { ...vienna, toMinute: vienna.fromMinute };
    expect(toldAtMs(none, "low", NOW)).toBe(NOW);
  });
});
