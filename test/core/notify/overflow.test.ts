/** More notices than a channel keeps. */
import { beforeEach, describe, expect, test } from "vitest";
import { ADDRESS, DeliveryRig, HOUR_MS, MINUTE_MS, numbered } from "./delivery-rig.ts";
import { madeEnd, madeNotice } from "./made-notice.ts";
import { AWAY } from "./outbox-disk.ts";

let rig: DeliveryRig;

beforeEach(() => {
  rig = new DeliveryRig();
  rig.receiver.outcome = () => AWAY;
});

function isBack(): void {
  rig.receiver.outcome = () => undefined;
}

function isSummary({ kind }: { kind: string }): boolean {
  return kind === "flood";
}

/** What was taken, the summaries by what they say. */
function taken(): { ids: string[]; summaries: string[] } {
  return {
    ids: rig.receiver.taken.filter((each) => !isSummary(each)).map(({ id }) => id),
    summaries: rig.receiver.taken.filter(isSummary).map(({ title }) => title),
  };
}

describe("notices beyond a thousand", () => {
  test("are told in one, with their number and the most urgent, and nothing is lost", async () => {
    const running = rig.start();
    for (const [at, notice] of numbered(1500, { priority: "high" }).entries()) {
      const message = `The oven ${at} is hot.`;
      running.tell(
        at === 7 ? { ...notice, message, priority: "critical" } : { ...notice, message },
      );
    }
    await rig.clock.advance(0);
    isBack();
    await rig.clock.advance(10 * MINUTE_MS);
    const { ids, summaries } = taken();
    expect(ids).toHaveLength(1000);
    expect(ids).toContain("raised/7");
    expect(summaries).toEqual([
      "500 notices in one, for too many waited; the most urgent: The oven 0 is hot.",
    ]);
    expect(rig.receiver.taken.find(({ kind }) => kind === "flood")).toMatchObject({
      count: 500,
      priority: "high",
    });
    expect(rig.disk.entries).toEqual([]);
  });

  test("are told in one by the next process, too, and those that come then with them", async () => {
    const notices = numbered(1100);
    const first = rig.start();
    for (const notice of notices.slice(0, 1050)) first.tell(notice);
    await rig.clock.advance(MINUTE_MS);
    await first.stop();
    expect(rig.disk.entries).toHaveLength(1001);
    const next = rig.start();
    for (const notice of notices.slice(1050)) next.tell(notice);
    isBack();
    await rig.clock.advance(10 * MINUTE_MS);
    expect(taken().ids).toHaveLength(1000);
    expect(taken().summaries).toHaveLength(1);
    expect(taken().summaries[0]).toMatch(/^100 notices in one/);
  });

  test("that are over before they could be told go first, with their ends", async () => {
    const running = rig.start();
    const notices = numbered(1000, { priority: "high" });
    for (const notice of notices) running.tell(notice);
    const { key } = notices[500] ?? madeNotice();
    running.tell(madeEnd({ id: "cleared/500", key, priority: "high" }));
    await rig.clock.advance(0);
    isBack();
    await rig.clock.advance(10 * MINUTE_MS);
    expect(taken().ids).toHaveLength(999);
    expect(taken().ids).not.toContain("raised/500");
    expect(taken().ids).not.toContain("cleared/500");
    expect(taken().summaries[0]).toMatch(/^2 notices in one/);
  });

  test("spare what stands again, and the end of what it was before", async () => {
    isBack();
    const running = rig.start();
    running.tell(madeNotice({ priority: "high" }));
    await rig.clock.advance(0);
    rig.receiver.outcome = () => AWAY;
    running.tell(madeEnd({ priority: "high" }));
    const again = "raised/again";
    running.tell(madeNotice({ id: again, priority: "critical", at: rig.clock.now() + 90_000 }));
    for (const notice of numbered(1010, { priority: "high" })) running.tell(notice);
    isBack();
    await rig.clock.advance(10 * MINUTE_MS);
    expect(taken().ids).toEqual(expect.arrayContaining([madeEnd().id, again]));
    expect(taken().summaries[0]).toMatch(/^12 notices in one/);
  });

  test("spare the end of what people know of", async () => {
    isBack();
    const running = rig.start();
    running.tell(madeNotice({ priority: "low" }));
    await rig.clock.advance(0);
    rig.receiver.outcome = () => AWAY;
    running.tell(madeEnd({ priority: "low" }));
    for (const notice of numbered(1200, { priority: "critical" })) running.tell(notice);
    isBack();
    await rig.clock.advance(10 * MINUTE_MS);
    expect(taken().ids).toContain(madeEnd().id);
  });

  test("push out reminders, which were told, without a word but in the journal", async () => {
    isBack();
    const running = rig.start(HOUR_MS);
    running.tell(madeNotice());
    await rig.clock.advance(0);
    rig.receiver.outcome = () => AWAY;
    for (const notice of numbered(1000)) running.tell(notice);
    await rig.clock.advance(0);
    const given = rig.disk.journal.filter(({ kind }) => kind === "notification-failed");
    expect(given).toMatchObject([
      {
        key: madeNotice().key,
        note: `${ADDRESS}: too many others wait to be told: it is not told again`,
      },
    ]);
    expect(running.queue.length).toBe(1000);
    expect(rig.disk.entries).toHaveLength(1000);
  });

  test("of the night wait for its end in one", async () => {
    const running = rig.start();
    isBack();
    for (const notice of numbered(1010)) running.tell(notice, rig.clock.now() + HOUR_MS);
    await rig.clock.advance(MINUTE_MS);
    expect(rig.receiver.taken).toEqual([]);
    await rig.clock.advance(HOUR_MS);
    expect(taken().summaries).toHaveLength(1);
  });

  test("leave alone what is being told", async () => {
    rig.receiver.outcome = () => "silence";
    const running = rig.start();
    const notices = numbered(1001);
    for (const notice of notices) {
      running.tell(notice);
      if (notice === notices[0]) await rig.clock.advance(0);
    }
    await rig.clock.advance(0);
    const [given] = rig.disk.journal;
    expect(given).toMatchObject({ key: "d1/t/r" });
  });
});
