/** A plant in which anything happens, and somebody who checks what people are told of it. */
import assert from "node:assert/strict";
import type { AlarmTransition } from "#core/alarm.ts";
import { AlarmBoard } from "#core/alarms/alarm-board.ts";
import { wantsNotice } from "#core/alarms/alarm-machine.ts";
import type { AlarmEffects, AlarmOperation, AlarmState, Notice } from "#core/alarms/contract.ts";
import type { AlarmPolicy } from "#core/alarms/policy.ts";
import { PenstockError } from "#core/errors.ts";
import { MemoryAlarmStore } from "#test/support/memory-alarm-store.ts";
import { fc } from "#test/support/properties.ts";
import { FACTS, POLICY, START_MS, transition } from "./sample.ts";

const PLACES = [
  ["(gateway)/rs485-a/dead", "critical"],
  ["meter-1/(device)/silent", "medium"],
  ["meter-2/(device)/silent", "medium"],
  ["meter-1/power/stale", "medium"],
  ["meter-1/power/anomaly", "low"],
  ["meter-2/power/anomaly", "low"],
  ["oven-1/temperature/limit-h", "medium"],
  ["oven-1/temperature/limit-hh", "critical"],
  ["oven-2/level/limit-l", "medium"],
  ["oven-2/level/limit-ll", "high"],
] as const;

const policy: AlarmPolicy = {
  ...POLICY,
  chatter: { raises: 3, windowMs: 60_000, calmMs: 60_000 },
  flood: { notices: 3, urgent: 4, windowMs: 60_000 },
};

type Action =
  | { kind: "turn"; place: number; isKilledMeanwhile: boolean }
  | { kind: "repeat" }
  | { kind: "operate"; operation: AlarmOperation["kind"]; place: number; forMs: number }
  | { kind: "pass"; ms: number }
  | { kind: "kill"; isBeforeCommit: boolean };

const place = fc.nat({ max: PLACES.length - 1 });
const operation = fc.constantFrom<AlarmOperation["kind"]>(
  "acknowledge",
  "reset",
  "shelve",
  "unshelve",
  "out-of-service",
  "in-service",
  "begin-maintenance",
  "end-maintenance",
);
const forMs = fc.integer({ min: 1, max: 120_000 });
export const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("turn" as const),
      place,
      isKilledMeanwhile: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("repeat" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("operate" as const), operation, place, forMs }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      ms: fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 1_200_000 })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("kill" as const), isBeforeCommit: fc.boolean() }),
  },
);

/** A plant, a keeper with a disk, and somebody who reads all notices and the journal. */
export class RandomPlant {
  nowMs = START_MS;
  readonly active = new Set<number>();
  /** Keys of notices whose end is owed. */
  readonly openNotices = new Set<string>();
  readonly #noticeIds = new Set<string>();
  readonly #toldRaises = new Set<string>();
  readonly #store = new MemoryAlarmStore();
  #last: AlarmTransition | undefined;
  #windowCount = 0;
  board = this.#restarted();

  run(next: Action): void {
    this.nowMs += 1;
    switch (next.kind) {
      case "turn":
        return this.#turn(next.place, next.isKilledMeanwhile);
      case "repeat":
        return this.#repeat();
      case "operate":
        return this.#operate(next);
      case "pass":
        return this.pass(next.ms);
      case "kill":
        if (next.isBeforeCommit && this.board.dueAt !== undefined) this.board.tick(this.nowMs);
        this.board = this.#restarted();
        return this.#look();
    }
  }

  /** Time passes, and whatever is due meanwhile happens when it is due. */
  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (let turns = 0; ; turns++) {
      const { dueAt } = this.board;
      if (dueAt === undefined || dueAt > untilMs) break;
      assert(turns < 1000, "what is due is done");
      this.nowMs = Math.max(this.nowMs, dueAt);
      this.#commit(this.board.tick(this.nowMs));
    }
    this.nowMs = untilMs;
  }

  turnOff(): void {
    for (const number of this.active) this.#turn(number, false);
  }

  get owing(): AlarmState[] {
    return this.board.states().filter(wantsNotice);
  }

  /** What is on the disk is what the board says. */
  #look(): void {
    const listed = new Map(this.board.states().map((state) => [state.key, state]));
    for (const [key, state] of listed) {
      assert.deepEqual(this.#store.states.get(key), JSON.parse(JSON.stringify(state)));
      if (state.suppressedBy === undefined) continue;
      assert(listed.get(state.suppressedBy)?.isActive, "who is quiet has a cause that stands");
    }
    assert.deepEqual(this.board.maintenance(), this.#store.kept().maintenance);
  }

  /** A device repeats its message when its acknowledgement was lost; not a quarter of an hour later. */
  #repeat(): void {
    if (!this.#last || this.nowMs - this.#last.ts > 600_000) return;
    this.#expectNothing(this.board.take(this.#last, "", this.nowMs));
  }

  #turn(number: number, isKilledMeanwhile: boolean): void {
    const [name, priority] = PLACES[number] ?? PLACES[0];
    const isOn = this.active.delete(number);
    if (!isOn) this.active.add(number);
    const next = transition(name, isOn ? "cleared" : "active", this.nowMs, priority);
    this.#last = next;
    if (isKilledMeanwhile) {
      this.board.take(next, "", this.nowMs);
      this.board = this.#restarted();
    }
    this.#commit(this.board.take(next, "", this.nowMs));
    this.#expectNothing(this.board.take(next, "", this.nowMs));
  }

  #operate({
    operation: kind,
    place: number,
    forMs: ms,
  }: Extract<Action, { kind: "operate" }>): void {
    const keys = [PLACES[number]?.[0] ?? ""];
    const whom = { by: "eva", note: "a look", at: this.nowMs };
    const until = this.nowMs + ms;
    try {
      this.#commit(this.board.operate(this.#operationOf(kind, keys, whom, until), this.nowMs));
    } catch (error) {
      // Nobody can do everything to every alarm; what was refused has changed nothing.
      assert(error instanceof PenstockError, String(error));
      this.#look();
    }
  }

  #operationOf(
    kind: AlarmOperation["kind"],
    keys: string[],
    whom: { by: string; note: string; at: number },
    until: number,
  ): AlarmOperation {
    const { by, note } = whom;
    if (kind === "shelve") return { kind, keys, by, note, until };
    if (kind === "end-maintenance") return { kind, id: `m${this.#windowCount}`, by, note };
    if (kind !== "begin-maintenance") return { kind, keys, by, note };
    this.#windowCount += 1;
    const id = `m${this.#windowCount}`;
    return { kind, window: { ...whom, id, devices: ["meter-*"], from: this.nowMs, until } };
  }

  #commit({ write, notices }: AlarmEffects): void {
    for (const { key, notified } of write.states ?? []) {
      const raise = notified?.raise;
      if (raise === undefined || raise === this.#store.states.get(key)?.notified?.raise) continue;
      assert(!this.#toldRaises.has(raise), `${raise} is told once`);
      this.#toldRaises.add(raise);
    }
    for (const { id } of write.journal ?? []) {
      assert(id > (this.#store.entries.at(-1)?.id ?? 0), "the journal counts up");
    }
    this.#store.apply(write);
    for (const notice of notices) this.#read(notice);
    this.#look();
  }

  #read({ id, key, kind }: Notice): void {
    assert(!this.#noticeIds.has(id), `${id} is not repeated`);
    this.#noticeIds.add(id);
    if (kind === "raised" || kind === "group" || kind === "flood") this.openNotices.add(key);
    else assert(this.openNotices.has(key), `${id} follows what it speaks of`);
    if (kind === "cleared") this.openNotices.delete(key);
  }

  #expectNothing({ write, notices }: AlarmEffects): void {
    assert.deepEqual([notices, write.states, write.journal], [[], [], []]);
  }

  #restarted(): AlarmBoard {
    return new AlarmBoard(policy, this.#store.kept(), FACTS);
  }
}
