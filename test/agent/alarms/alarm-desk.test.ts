import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { AlarmBoard } from "#core/alarms/alarm-board.ts";
import type { AlarmWrite } from "#core/alarms/contract.ts";
import { sentence } from "#test/core/alarms/board-driver.ts";
import { FACTS, NOTHING_KEPT, POLICY, transition } from "#test/core/alarms/sample.ts";
import { MemoryAlarmStore } from "#test/support/memory-alarm-store.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { OVEN, openStore, startDesk } from "./support.ts";

const TEMPERATURE = { device: "oven-2", tag: "temperature", rule: "limit-h" };

/** A disk whose writes wait until the test lets them through, or fails them. */
class HeldStore extends MemoryAlarmStore {
  readonly held: PromiseWithResolvers<void>[] = [];

  override async commit(write: AlarmWrite): Promise<void> {
    if (Object.values(write).every((part) => part.length === 0)) return;
    const gate = Promise.withResolvers<void>();
    this.held.push(gate);
    await gate.promise;
    this.apply(write);
  }
}

describe("the desk", () => {
  test("takes an alarm in at once, and tells of it when it is kept", async () => {
    const store = new HeldStore();
    const { desk, listener, clock } = await startDesk(store);
    const raise = transition(OVEN, "active", clock.now());
    const { news, kept } = desk.take([raise]);
    expect(news).toEqual([raise]);
    expect(desk.isActive(TEMPERATURE)).toBe(true);
    expect(listener.told).toEqual([]);
    store.held[0]?.resolve();
    await kept;
    expect(listener.ids).toEqual([`raised/${raise.id}`]);
    expect([...store.outbox.keys()]).toEqual([`raised/${raise.id} shift.webhook`]);
    expect(desk.outbox()).toEqual([...store.outbox.values()]);
  });

  test("tells of an alarm all the same when the disk fails, and holds nobody up", async () => {
    const store = new HeldStore();
    const { desk, listener, clock } = await startDesk(store);
    const { kept } = desk.take([transition(OVEN, "active", clock.now())]);
    store.held[0]?.reject(new Error("no space left"));
    await kept;
    expect(listener.told).toHaveLength(1);
  });

  test("takes in causes before what they explain, and gives news in the order of the readings", async () => {
    const { desk, listener, clock } = await startDesk(new MemoryAlarmStore());
    const low = transition("oven-2/level/limit-l", "active", clock.now());
    const lowest = transition("oven-2/level/limit-ll", "active", clock.now(), "high");
    const { news, kept } = desk.take([low, lowest]);
    await kept;
    expect(news).toEqual([low, lowest]);
    expect(listener.told.map(({ rule }) => rule)).toEqual(["limit-ll"]);
    expect(desk.counts()).toEqual({
      active: 2,
      unacknowledged: 2,
      shelved: 0,
      suppressed: 1,
      raised: 2,
    });
  });

  test("finds nothing new in what it knows, and nothing to end in what does not stand", async () => {
    const { desk, clock } = await startDesk(new MemoryAlarmStore());
    desk.take([transition(OVEN, "active", clock.now())]);
    expect(desk.take([transition(OVEN, "active", clock.now() + 1)]).news).toEqual([]);
    expect(desk.take([transition("a/b/c", "cleared", clock.now())]).news).toEqual([]);
  });

  test("lets what ends do so after it began, for whoever goes by times, also when the clock is set back", async () => {
    const { desk, clock } = await startDesk(new MemoryAlarmStore());
    const sink = new AlarmBoard(POLICY, NOTHING_KEPT, FACTS);
    const change = (state: "active" | "cleared"): void => {
      const found = transition("(gateway)/rs485-a/dead", state, clock.now());
      const { taken } = desk.take([found]);
      for (const each of taken) sink.take(each, "hall-3", clock.now(), "time");
      expect(sink.states().some(({ isActive }) => isActive)).toBe(state === "active");
    };
    change("active");
    clock.setWall(clock.now() - 180_000);
    change("cleared");
    change("active");
    clock.setWall(clock.now() + 600_000);
    change("cleared");
    change("active");
  });

  test("lets groups wait, and tells of them in time", async () => {
    const { desk, listener, clock } = await startDesk(new MemoryAlarmStore());
    for (const number of [1, 2, 3]) {
      desk.take([transition(`meter-${number}/(device)/silent`, "active", clock.now())]);
    }
    await clock.advance(1999);
    expect(listener.told).toEqual([]);
    await clock.advance(1);
    expect(listener.told.map(({ title }) => title)).toEqual([
      "3 devices silent on rs485-a: adapter gone?",
    ]);
  });

  test("gives what became of notices its numbers in the journal", async () => {
    const store = new MemoryAlarmStore();
    const { desk, clock } = await startDesk(store);
    const { kept } = desk.take([transition(OVEN, "active", clock.now())]);
    await kept;
    const [entry] = desk.outbox();
    const journal = [
      { at: clock.now(), kind: "notified" as const, key: OVEN, by: "shift.webhook" },
    ];
    await desk.commitOutbox({ outbox: [], outboxDone: [entry?.id ?? ""], journal });
    expect(desk.recent(10).map(({ id, kind }) => [id, kind])).toEqual([
      [2, "notified"],
      [1, "raised"],
    ]);
    expect(await desk.journal({ limit: 1 })).toMatchObject([{ id: 2, by: "shift.webhook" }]);
    expect(desk.outbox()).toEqual([]);
  });
});

describe("what people do", () => {
  const eva = { by: "eva", note: "on my way" };

  test("concerns what they name, as far as it makes sense for it", async () => {
    const { desk, clock } = await startDesk(new MemoryAlarmStore());
    desk.take([transition(OVEN, "active", clock.now())]);
    desk.take([transition("oven-2/level/limit-l", "active", clock.now())]);
    desk.take([transition("meter-1/power/limit-h", "active", clock.now())]);
    const keysOf = async (kind: "acknowledge" | "unshelve", select: string[]): Promise<string[]> =>
      (await desk.act({ kind, select, ...eva })).map(({ key }) => key).toSorted();
    expect(await keysOf("acknowledge", ["oven-2"])).toEqual(["oven-2/level/limit-l", OVEN]);
    expect(await keysOf("acknowledge", ["*/limit-h"])).toEqual(["meter-1/power/limit-h"]);
    await desk.act({ kind: "shelve", select: ["oven-2/level"], forMs: 60_000, ...eva });
    expect(await keysOf("unshelve", ["oven-2"])).toEqual(["oven-2/level/limit-l"]);
    await expect(keysOf("unshelve", ["oven-2"])).rejects.toMatchObject({ code: "ALARM_REFUSED" });
  });

  test("by the id in a notice concerns those that it told of, and no others like them", async () => {
    const { desk, listener, clock } = await startDesk(new MemoryAlarmStore());
    const silent = (number: number): void => {
      desk.take([transition(`meter-${number}/(device)/silent`, "active", clock.now())]);
    };
    silent(1);
    silent(2);
    await clock.advance(2000);
    silent(3);
    await clock.advance(2000);
    const [id = ""] = /group-[0-9a-f]+$/.exec(listener.told[0]?.acknowledge ?? "") ?? [];
    const states = await desk.act({ kind: "acknowledge", select: [id], ...eva });
    expect(states.map(({ key }) => key).toSorted()).toEqual([
      "meter-1/(device)/silent",
      "meter-2/(device)/silent",
    ]);
    expect(desk.counts().unacknowledged).toBe(1);
  });

  test("to an alarm that is not there is refused, with the nearest name", async () => {
    const { desk, clock } = await startDesk(new MemoryAlarmStore());
    const act = (name: string): Promise<unknown> =>
      desk.act({ kind: "acknowledge", select: [name], ...eva });
    await expect(act("oven-2")).rejects.toThrow('no alarm fits "oven-2"; there are none');
    desk.take([transition(OVEN, "active", clock.now())]);
    await expect(act("ovne-2")).rejects.toThrow("did you mean oven-2?");
    await expect(act("oven-2/temprature")).rejects.toThrow("did you mean oven-2/temperature?");
    await expect(act("scale")).rejects.toThrow(`there is ${OVEN}`);
  });

  test("to devices holds notices back until it is over", async () => {
    const { desk, listener, clock } = await startDesk(new MemoryAlarmStore());
    const devices = ["oven-*"];
    const { id } = await desk.beginMaintenance({
      devices,
      forMs: 3_600_000,
      by: "eva",
      note: "oil",
    });
    expect(desk.isMaintained("oven-2")).toBe(true);
    desk.take([transition(OVEN, "active", clock.now())]);
    await clock.advance(60_000);
    expect(listener.told).toEqual([]);
    await desk.endMaintenance(id, "eva", "done");
    expect(listener.told.map(({ title }) => title)).toEqual([sentence("oven-2", "temperature")]);
    await expect(desk.endMaintenance(id, "eva", "")).rejects.toMatchObject({
      code: "ALARM_UNKNOWN",
    });
  });
});

describe("after a restart", () => {
  test("alarms, acknowledgements and shelvings are as before, and nothing is told again", async () => {
    const folder = await tempFolder();
    const store = openStore(folder);
    const { desk, clock } = await startDesk(store);
    desk.take([transition(OVEN, "active", clock.now())]);
    desk.take([transition("oven-3/temperature/limit-h", "active", clock.now())]);
    await desk.act({ kind: "acknowledge", select: ["oven-2"], by: "eva", note: "seen" });
    await desk.act({ kind: "shelve", select: ["oven-3"], forMs: 60_000, by: "eva", note: "later" });
    const before = desk.states();
    const journal = desk.recent(100);
    desk.stop();
    await store.stop();
    const again = await startDesk(openStore(folder), clock);
    expect(again.desk.states()).toEqual(before);
    expect(again.desk.recent(100)).toEqual(journal);
    expect(again.desk.lastTransitions().map(({ id }) => id)).toEqual([
      before.find(({ key }) => key === OVEN)?.raised.id,
      before.find(({ key }) => key !== OVEN)?.raised.id,
    ]);
    again.desk.take([transition(OVEN, "active", clock.now() + 5)]);
    expect(again.listener.told).toEqual([]);
  });

  test("an alarm that was kept and not told of is told, under the name it would have had", async () => {
    const store = new MemoryAlarmStore();
    const first = await startDesk(store);
    const meter = transition("meter-1/power/stale", "active", first.clock.now());
    await first.desk.take([meter]).kept;
    first.desk.stop();
    const again = await startDesk(store, first.clock);
    await first.clock.advance(2000);
    expect(again.listener.ids).toEqual([`raised/${meter.id}`]);
  });

  test("what nobody watches for any more ends, unless it is raised again within a minute", async () => {
    const store = new MemoryAlarmStore();
    const first = await startDesk(store);
    const dead = transition("(gateway)/rs485-a/dead", "active", first.clock.now(), "high");
    const full = transition("(gateway)/(buffer)/buffer-full", "active", first.clock.now(), "high");
    const oven = transition(OVEN, "active", first.clock.now());
    const removed = transition("oven-2/temperature/stuck", "active", first.clock.now());
    const absent = transition("absent/temperature/stuck", "active", first.clock.now());
    await first.desk.take([dead, full, oven, removed, absent]).kept;
    await first.clock.advance(2000);
    first.desk.stop();
    const { clock } = first;
    await clock.advance(3_600_000);
    const again = await startDesk(store, clock);
    again.desk.take([transition("(gateway)/rs485-a/dead", "active", clock.now(), "high")]);
    await clock.advance(59_999);
    expect(again.own).toEqual([]);
    await clock.advance(1);
    await turn();
    expect(again.own.map(({ device, rule, state }) => [device, rule, state])).toEqual([
      ["(gateway)", "buffer-full", "cleared"],
      ["oven-2", "stuck", "cleared"],
    ]);
    expect(again.listener.told).toMatchObject([{ rule: "buffer-full", kind: "cleared" }]);
    const active = again.desk.states().filter(({ isActive }) => isActive);
    expect(active.map(({ raised }) => raised.rule)).toEqual(["dead", "limit-h", "stuck"]);
  });

  test("what comes while the program ends is not taken in", async () => {
    const { desk, clock } = await startDesk(new MemoryAlarmStore());
    desk.take([transition(OVEN, "active", clock.now())]);
    desk.stop();
    expect(desk.take([transition(OVEN, "cleared", clock.now())]).news).toEqual([]);
    expect(desk.isActive(TEMPERATURE)).toBe(true);
  });
});
