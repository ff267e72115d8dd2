import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { AlarmTransition } from "#core/alarm.ts";
import type { Notice } from "#core/alarms/contract.ts";
import { RateLimitedLog, silentLogger } from "#core/log.ts";
import { ChannelHealth } from "#core/notify/channel-health.ts";
import { DeliveryFailed } from "#core/notify/contract.ts";
import { DeliveryQueue } from "#core/notify/delivery-queue.ts";
import { OutboxBook } from "#core/notify/outbox-book.ts";
import { entryFor } from "#core/notify/routing.ts";
import { createRandom } from "#core/random.ts";
import { MANUAL_CLOCK_START_MS, ManualClock } from "#test/support/manual-clock.ts";
import { madeEnd, madeNotice } from "./made-notice.ts";
import { AWAY, DirectedNotifier, OutboxDisk, REFUSED } from "./outbox-disk.ts";

const ADDRESS = "shift.webhook";
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A queue as one process has it, over a disk that outlives it. */
class Process {
  readonly alarms: AlarmTransition[] = [];
  readonly queue: DeliveryQueue;
  readonly book: OutboxBook;
  readonly health: ChannelHealth;
  isOpen = true;
  readonly #disk: OutboxDisk;
  readonly #clock: ManualClock;

  constructor(
    disk: OutboxDisk,
    notifier: DirectedNotifier,
    clock: ManualClock,
    repeatMs?: number,
    isAlarmed = false,
  ) {
    this.#disk = disk;
    this.#clock = clock;
    const random = createRandom(1);
    const log = new RateLimitedLog(silentLogger, clock);
    this.book = new OutboxBook({ commit: disk.commit, clock, random, log });
    const onAlarm = (alarm: AlarmTransition): void => void this.alarms.push(alarm);
    const health = { device: "(gateway)", address: ADDRESS, isAlarmed, clock, onAlarm };
    this.health = new ChannelHealth(health);
    this.queue = new DeliveryQueue({
      address: ADDRESS,
      notifier,
      repeatMs,
      isOpen: () => this.isOpen,
      book: this.book,
      health: this.health,
      clock,
      random,
      log,
    });
    this.queue.start(disk.entries);
  }

  tell(notice: Notice, dueAt = this.#clock.now()): void {
    const entry = entryFor(notice, ADDRESS, dueAt);
    this.#disk.put([entry]);
    this.queue.add(entry);
  }

  async stop(): Promise<void> {
    await this.queue.stop();
    await this.book.stop();
  }
}

function numbered(count: number, changes: Partial<Notice> = {}): Notice[] {
  return Array.from({ length: count }, (_, i) =>
    madeNotice({ id: `raised/${i}`, key: `d${i}/t/r`, at: MANUAL_CLOCK_START_MS + i, ...changes }),
  );
}

let clock: ManualClock;
let disk: OutboxDisk;
let receiver: DirectedNotifier;

beforeEach(() => {
  clock = new ManualClock();
  disk = new OutboxDisk();
  receiver = new DirectedNotifier();
});

const start = (repeatMs?: number): Process => new Process(disk, receiver, clock, repeatMs);
const idsTaken = (): string[] => receiver.taken.map(({ id }) => id);

describe("notices", () => {
  test("are taken one after the other, and leave the outbox", async () => {
    const running = start();
    for (const notice of numbered(5)) running.tell(notice);
    await clock.advance(0);
    expect(idsTaken()).toEqual(["raised/0", "raised/1", "raised/2", "raised/3", "raised/4"]);
    expect(disk.entries).toEqual([]);
    expect(disk.journal).toHaveLength(5);
    expect(disk.journal[0]).toMatchObject({ kind: "notified", key: "d0/t/r", note: ADDRESS });
  });

  test("that are offered twice are told once", async () => {
    receiver.outcome = () => AWAY;
    const running = start();
    running.tell(madeNotice());
    running.tell(madeNotice());
    await clock.advance(0);
    expect(running.queue.length).toBe(1);
  });

  test("wait behind one that fails, and keep their order", async () => {
    let isAway = true;
    receiver.outcome = () => (isAway ? AWAY : undefined);
    const running = start();
    for (const notice of numbered(3)) running.tell(notice);
    await clock.advance(10 * MINUTE_MS);
    expect(new Set(receiver.tried)).toEqual(new Set(["raised/0"]));
    expect(disk.entries.map(({ attempts }) => attempts > 0)).toEqual([true, false, false]);
    isAway = false;
    await clock.advance(5 * MINUTE_MS);
    expect(idsTaken()).toEqual(["raised/0", "raised/1", "raised/2"]);
  });

  test("are tried at once, and soon again, when the receiver was mended", async () => {
    let isAway = true;
    receiver.outcome = () => (isAway ? AWAY : undefined);
    const running = start();
    running.tell(madeNotice());
    await clock.advance(HOUR_MS);
    const triesBefore = receiver.tried.length;
    running.queue.resume();
    await clock.advance(10_000);
    expect(receiver.tried.length - triesBefore).toBeGreaterThanOrEqual(3);
    isAway = false;
    running.queue.resume();
    await clock.advance(0);
    expect(receiver.taken).toHaveLength(1);
  });

  test("of a raise and its end are both told, in this order, however late", async () => {
    let isAway = true;
    receiver.outcome = () => (isAway ? AWAY : undefined);
    const running = start();
    running.tell(madeNotice());
    await clock.advance(MINUTE_MS);
    running.tell(madeEnd());
    await clock.advance(MINUTE_MS);
    isAway = false;
    await clock.advance(5 * MINUTE_MS);
    expect(receiver.taken.map(({ kind }) => kind)).toEqual(["raised", "cleared"]);
  });

  test("that are refused for good are given up, which the journal says", async () => {
    receiver.outcome = ({ id }) => (id === "raised/0" ? REFUSED : undefined);
    const running = start();
    for (const notice of numbered(2)) running.tell(notice);
    await clock.advance(0);
    expect(idsTaken()).toEqual(["raised/1"]);
    expect(disk.entries).toEqual([]);
    expect(disk.journal[0]).toMatchObject({
      kind: "notification-failed",
      key: "d0/t/r",
      note: `${ADDRESS}: refused`,
    });
  });

  test("beyond a thousand crowd out the least urgent, the oldest of them first", async () => {
    receiver.outcome = () => AWAY;
    const running = start();
    const notices = numbered(1002, { priority: "high" });
    for (const [i, notice] of notices.entries()) {
      running.tell(i === 500 ? { ...notice, priority: "low" } : notice);
    }
    await clock.advance(0);
    const given = disk.journal.filter(({ kind }) => kind === "notification-failed");
    expect(given.map(({ key }) => key)).toEqual(["d500/t/r", "d0/t/r"]);
    expect(running.queue.length).toBe(1000);
  });
});

describe("a receiver", () => {
  test("is tried ever less often, and at once again after it took one", async () => {
    receiver.outcome = () => AWAY;
    const running = start();
    running.tell(madeNotice());
    await clock.advance(HOUR_MS);
    const inFirstHour = receiver.tried.length;
    await clock.advance(HOUR_MS);
    expect(inFirstHour).toBeGreaterThan(15);
    expect(receiver.tried.length - inFirstHour).toBeLessThanOrEqual(25);
    receiver.outcome = () => undefined;
    await clock.advance(5 * MINUTE_MS);
    running.tell(madeEnd());
    await clock.advance(0);
    expect(receiver.taken).toHaveLength(2);
  });

  test("that asks to wait is left alone for so long", async () => {
    receiver.outcome = () =>
      new DeliveryFailed("busy", { isTransient: true, retryAfterMs: 10 * MINUTE_MS });
    start().tell(madeNotice());
    await clock.advance(10 * MINUTE_MS - 1);
    expect(receiver.tried).toHaveLength(1);
    await clock.advance(1);
    expect(receiver.tried).toHaveLength(2);
  });

  test("that says nothing is given up after half a minute, and tried again", async () => {
    receiver.outcome = () => "silence";
    const running = start();
    running.tell(madeNotice());
    await clock.advance(29_999);
    expect(running.health.failuresInARow).toBe(0);
    await clock.advance(1);
    expect(running.health.status()).toMatchObject({ lastError: "no answer within 30 s" });
    receiver.outcome = () => undefined;
    await clock.advance(1000);
    expect(receiver.taken).toHaveLength(1);
  });

  test("that is away for more than a day misses what is older, and gets the rest", async () => {
    receiver.outcome = () => AWAY;
    const running = start();
    for (const notice of numbered(2)) running.tell(notice);
    await clock.advance(20 * HOUR_MS);
    running.tell(madeEnd({ at: clock.now() }));
    await clock.advance(4 * HOUR_MS + 10 * MINUTE_MS);
    expect(disk.journal.map(({ kind, key }) => [kind, key])).toEqual([
      ["notification-failed", "d0/t/r"],
      ["notification-failed", "d1/t/r"],
    ]);
    receiver.outcome = () => undefined;
    await clock.advance(5 * MINUTE_MS);
    expect(receiver.taken.map(({ kind }) => kind)).toEqual(["cleared"]);
  });

  test("misses nothing because the gateway's clock was set forward by years", async () => {
    receiver.outcome = () => AWAY;
    start().tell(madeNotice());
    await clock.advance(MINUTE_MS);
    clock.stepWall(56 * 365 * 24 * HOUR_MS);
    await clock.advance(MINUTE_MS);
    receiver.outcome = () => undefined;
    await clock.advance(5 * MINUTE_MS);
    expect(receiver.taken).toHaveLength(1);
  });

  test("is not kept waiting because the gateway's clock was set back by years", async () => {
    const running = start();
    const dueAt = clock.now() + HOUR_MS;
    clock.stepWall(-10 * 365 * 24 * HOUR_MS);
    running.tell(madeNotice(), dueAt);
    await clock.advance(0);
    expect(receiver.taken).toHaveLength(1);
  });
});

describe("the next process", () => {
  test("tells what waited, with the same ids, in its order", async () => {
    receiver.outcome = () => AWAY;
    const first = start();
    // A store gives its entries in any order.
    for (const notice of numbered(3).toReversed()) first.tell(notice);
    first.tell(madeEnd({ at: MANUAL_CLOCK_START_MS + 2, key: "d2/t/r" }));
    await clock.advance(MINUTE_MS);
    await first.stop();
    receiver.outcome = () => undefined;
    start();
    await clock.advance(5 * MINUTE_MS);
    expect(receiver.taken.map(({ kind, id }) => [kind, id])).toEqual([
      ["raised", "raised/0"],
      ["raised", "raised/1"],
      ["raised", "raised/2"],
      ["cleared", madeEnd().id],
    ]);
  });

  test("goes on with the pause of a receiver that fails", async () => {
    receiver.outcome = () => AWAY;
    const first = start();
    first.tell(madeNotice());
    await clock.advance(20 * MINUTE_MS);
    await first.stop();
    const before = receiver.tried.length;
    start();
    await clock.advance(0);
    expect(receiver.tried).toHaveLength(before);
    await clock.advance(5 * MINUTE_MS);
    expect(receiver.tried.length).toBeGreaterThan(before);
  });

  test("breaks off what is being told, and tells it again", async () => {
    receiver.outcome = () => "silence";
    const first = start();
    first.tell(madeNotice());
    await clock.advance(1000);
    await first.stop();
    expect(disk.entries).toHaveLength(1);
    receiver.outcome = () => undefined;
    start();
    await clock.advance(0);
    expect(receiver.tried).toEqual([madeNotice().id, madeNotice().id]);
  });
});

test("a disk that cannot be written keeps no notice from anybody, and catches up", async () => {
  disk.isBroken = true;
  const running = start();
  for (const notice of numbered(5)) running.tell(notice);
  await clock.advance(MINUTE_MS);
  expect(receiver.taken).toHaveLength(5);
  expect(disk.entries).toHaveLength(5);
  disk.isBroken = false;
  await clock.advance(2 * MINUTE_MS);
  expect(disk.entries).toEqual([]);
  expect(disk.journal).toHaveLength(5);
  expect(disk.writes).toBe(1);
});

describe("what is held back", () => {
  test("lets what is due go before", async () => {
    const running = start();
    running.tell(madeNotice({ priority: "medium" }), clock.now() + HOUR_MS);
    running.tell(madeNotice({ id: "raised/urgent", key: "a/b/c" }));
    await clock.advance(0);
    expect(idsTaken()).toEqual(["raised/urgent"]);
    await clock.advance(HOUR_MS);
    expect(receiver.taken).toHaveLength(2);
  });

  test("and over before it was told is told by its end alone", async () => {
    const running = start();
    running.tell(madeNotice(), clock.now() + HOUR_MS);
    running.tell(madeEnd(), clock.now() + HOUR_MS);
    await clock.advance(HOUR_MS);
    expect(receiver.taken.map(({ kind }) => kind)).toEqual(["cleared"]);
    expect(disk.entries).toEqual([]);
  });
});

describe("what nobody acknowledges", () => {
  test("is told again and again, each time with an id of its own", async () => {
    start(HOUR_MS).tell(madeNotice());
    await clock.advance(2 * HOUR_MS);
    const { id, title } = madeNotice();
    expect(receiver.taken.map((notice) => [notice.kind, notice.id, notice.title])).toEqual([
      ["raised", id, title],
      ["reminder", `${id}/again/1`, `Still unacknowledged: ${title}`],
      ["reminder", `${id}/again/2`, `Still unacknowledged: ${title}`],
    ]);
  });

  test("is told again by the next process, too", async () => {
    const first = start(HOUR_MS);
    first.tell(madeNotice());
    await clock.advance(MINUTE_MS);
    await first.stop();
    start(HOUR_MS);
    await clock.advance(HOUR_MS);
    expect(receiver.taken.map(({ kind }) => kind)).toEqual(["raised", "reminder"]);
  });

  test.each([
    ["is over", madeEnd()],
    ["is acknowledged", madeNotice({ id: "acknowledged/1", kind: "acknowledged" })],
  ])("is not told again once it %s", async (_, end) => {
    const running = start(HOUR_MS);
    running.tell(madeNotice());
    await clock.advance(MINUTE_MS);
    running.tell(end);
    await clock.advance(3 * HOUR_MS);
    expect(receiver.taken).toHaveLength(2);
    expect(disk.entries).toEqual([]);
  });

  test("is not told again while somebody has put it off", async () => {
    const running = start(HOUR_MS);
    running.tell(madeNotice());
    await clock.advance(MINUTE_MS);
    running.isOpen = false;
    await clock.advance(3 * HOUR_MS);
    expect(receiver.taken).toHaveLength(1);
    expect(disk.entries).toEqual([]);
  });
});

describe("a channel that fails", () => {
  test("is an alarm after half a minute, and over once it delivers", async () => {
    receiver.outcome = () => AWAY;
    const running = start();
    running.tell(madeNotice());
    await clock.advance(29_000);
    expect(running.alarms).toEqual([]);
    await clock.advance(MINUTE_MS);
    receiver.outcome = () => undefined;
    await clock.advance(5 * MINUTE_MS);
    expect(running.alarms).toMatchObject([
      {
        device: "(gateway)",
        tag: ADDRESS,
        rule: "notification-failing",
        state: "active",
        priority: "high",
        message: "shift.webhook cannot be told of alarms: away",
      },
      { state: "cleared" },
    ]);
  });

  test("is an alarm at once where a notice is refused for good", async () => {
    receiver.outcome = () => REFUSED;
    const running = start();
    running.tell(madeNotice());
    await clock.advance(0);
    expect(running.alarms).toMatchObject([{ state: "active" }]);
  });

  test("and was an alarm in the last process, ends it when it delivers", async () => {
    const running = new Process(disk, receiver, clock, undefined, true);
    running.tell(madeNotice());
    await clock.advance(0);
    expect(running.alarms).toMatchObject([{ state: "cleared", tag: ADDRESS }]);
  });
});

test("whatever fails and whenever the process ends, each notice is taken, in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          { weight: 3, arbitrary: fc.constant("tell" as const) },
          fc.constant("crash" as const),
          fc.constant("disk" as const),
          fc.constantFrom(AWAY, "silence" as const, undefined),
          fc.integer({ min: 0, max: 10 * MINUTE_MS }),
        ),
        { maxLength: 40 },
      ),
      async (steps) => {
        clock = new ManualClock();
        disk = new OutboxDisk();
        receiver = new DirectedNotifier();
        let running = start();
        let told = 0;
        for (const step of steps) {
          if (step === "tell") running.tell(madeNotice({ id: `${told++}`, at: clock.now() }));
          else if (step === "disk") disk.isBroken = !disk.isBroken;
          else if (typeof step === "number") await clock.advance(step);
          else if (step === "crash") {
            await running.stop();
            running = start();
          } else receiver.outcome = () => step;
          // Two notices of one millisecond have no order between them on the disk.
          await clock.advance(1);
        }
        receiver.outcome = () => undefined;
        disk.isBroken = false;
        await clock.advance(HOUR_MS);
        const firsts = [...new Set(idsTaken())];
        expect(firsts).toEqual(Array.from({ length: told }, (_, i) => `${i}`));
        expect(disk.entries).toEqual([]);
        await running.stop();
      },
    ),
    { numRuns: 200 },
  );
});
