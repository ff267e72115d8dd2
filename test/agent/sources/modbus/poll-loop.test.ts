import { expect, test } from "vitest";
import { HandOver } from "#agent/sources/hand-over.ts";
import { AnswerTimes } from "#agent/sources/modbus/answer-times.ts";
import { DevicePoller } from "#agent/sources/modbus/device-poller.ts";
import type { ModbusLink, ReadOutcome, ReadRequest } from "#agent/sources/modbus/link.ts";
import { PollLoop } from "#agent/sources/modbus/poll-loop.ts";
import { RateLimitedLog, silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { MemoryIntake } from "#test/support/memory-intake.ts";
import { point } from "./points.ts";

const ANSWER_MS = 10;
const TIMEOUT_MS = 1000;

/** A wire on the test's clock: units answer after 10 ms, dead ones never. */
class FakeLink implements ModbusLink {
  isOpen = true;
  readonly dead = new Set<number>();
  readonly clock: ManualClock;

  constructor(clock: ManualClock) {
    this.clock = clock;
  }

  async read(request: ReadRequest, timeoutMs: number): Promise<ReadOutcome> {
    const isDead = this.dead.has(request.unit);
    await this.clock.sleep(isDead ? timeoutMs : ANSWER_MS, { name: "wire" });
    if (isDead) return { kind: "timeout" };
    return { kind: "answer", data: new Uint8Array(2 * request.size) };
  }
}

function rig(
  units: number,
  intervalMs: number,
  rareIntervalMs?: number,
  { connections = 1, urgent = 0 } = {},
): { clock: ManualClock; link: FakeLink; intake: MemoryIntake; loop: PollLoop; stop: () => void } {
  const clock = new ManualClock();
  const log = new RateLimitedLog(silentLogger, clock);
  const link = new FakeLink(clock);
  const intake = new MemoryIntake();
  const counters = {
    requests: 0,
    answers: 0,
    exceptions: 0,
    timeouts: 0,
    malformed: 0,
    retries: 0,
    searches: 0,
    invalidValues: 0,
  };
  const busTimes = new AnswerTimes();
  const pollers = Array.from({ length: units }, (_, i) => {
    const device = `m${i + 1}`;
    return new DevicePoller({
      source: "line",
      device,
      unit: i + 1,
      intervalMs,
      timeoutMs: TIMEOUT_MS,
      retries: 1,
      priority: i < urgent ? 0 : 1,
      limits: { registersMax: 125, bitsMax: 2000, gapMax: 8 },
      tags: [
        {
          point: point(0),
          series: intake.resolve(device, "level"),
        },
        {
          point: point(1),
          series: intake.resolve(device, "serial"),
          intervalMs: rareIntervalMs,
        },
      ].slice(0, rareIntervalMs === undefined ? 1 : 2),
      busTimes,
      counters,
      clock,
      random: createRandom(i),
    });
  });
  const stopping = new AbortController();
  const loop = new PollLoop({
    pollers,
    links: Array.from({ length: connections }, () => link),
    handOver: new HandOver(intake, log),
    clock,
    log,
    signal: stopping.signal,
  });
  return { clock, link, intake, loop, stop: () => stopping.abort() };
}

test("with 5 of 30 units dead the others keep 95 % of their polls, on any minute", async () => {
  const { clock, link, intake, loop, stop } = rig(30, 1000);
  const running = loop.run();
  await clock.advance(10_000);
  for (const unit of [3, 4, 5, 17, 30]) link.dead.add(unit);
  // Dying costs each one its time-out once, and is over then.
  await clock.advance(7000);
  for (let minute = 0; minute < 3; minute++) {
    intake.batches.length = 0;
    await clock.advance(60_000);
    for (let unit = 1; unit <= 30; unit++) {
      const readings = intake.readings(`m${unit}`);
      const good = readings.filter((reading) => reading.quality === "good").length;
      expect(readings.length).toBeGreaterThanOrEqual(57);
      expect(good).toBe(link.dead.has(unit) ? 0 : readings.length);
    }
  }
  stop();
  await clock.advance(1000);
  await running;
});

test("a tag with an interval of its own is read at that, the others of its device at theirs", async () => {
  const { clock, link, intake, loop, stop } = rig(2, 1000, 10_000);
  const running = loop.run();
  await clock.advance(60_500);
  const count = (device: string, tag: string): number =>
    intake.readings(device).filter((reading) => reading.tag === tag).length;
  expect([count("m1", "level"), count("m1", "serial")]).toEqual([61, 6]);
  expect([count("m2", "level"), count("m2", "serial")]).toEqual([60, 6]);
  link.dead.add(1);
  await clock.advance(60_000);
  const [rare] = intake
    .readings("m1")
    .filter(({ tag }) => tag === "serial")
    .slice(-1);
  expect(rare).toMatchObject({ quality: "bad", reason: "timeout", value: null });
  link.dead.clear();
  await clock.advance(60_000);
  expect(
    intake
      .readings("m1")
      .slice(-5)
      .map(({ quality }) => quality),
  ).toEqual(Array.from({ length: 5 }, () => "good"));
  expect(loop.counters.pollsMissed).toBeLessThan(3);
  stop();
  await clock.advance(1000);
  await running;
});

test("a bus of dead units alone reports each of them at each of its turns", async () => {
  const { clock, link, intake, loop, stop } = rig(200, 1000);
  for (let unit = 1; unit <= 200; unit++) link.dead.add(unit);
  const running = loop.run();
  // Until the breakers are open the bus belongs to the time-outs.
  await clock.advance(300_000);
  intake.batches.length = 0;
  await clock.advance(10_000);
  expect(intake.readings("m1").length).toBeGreaterThan(5);
  expect(intake.readings("m200").length).toBeGreaterThan(5);
  link.dead.clear();
  await clock.advance(60_000);
  for (let unit = 1; unit <= 200; unit++) {
    expect(intake.readings(`m${unit}`).at(-1)).toMatchObject({ quality: "good" });
  }
  stop();
  await clock.advance(1000);
  await running;
});

test("200 units that were never there do not hold up a start", async () => {
  const { clock, link, intake, loop, stop } = rig(230, 5000);
  for (let unit = 31; unit <= 230; unit++) link.dead.add(unit);
  const running = loop.run();
  await clock.advance(60_000);
  for (let unit = 1; unit <= 30; unit++) {
    expect(intake.readings(`m${unit}`).length).toBeGreaterThanOrEqual(8);
  }
  stop();
  await clock.advance(1000);
  await running;
});

test("1,000 units that are gone keep their rhythm of bad readings, and starve nobody", async () => {
  const { clock, link, intake, loop, stop } = rig(1010, 10_000);
  for (let unit = 11; unit <= 1010; unit++) link.dead.add(unit);
  const running = loop.run();
  // Each absent unit is asked once, for some 50 ms.
  await clock.advance(120_000);
  intake.batches.length = 0;
  await clock.advance(60_000);
  const byDevice = Map.groupBy(intake.readings(), (reading) => reading.device);
  for (let unit = 1; unit <= 1010; unit++) {
    const readings = byDevice.get(`m${unit}`) ?? [];
    expect(readings.length).toBeGreaterThanOrEqual(5);
    const quality = unit <= 10 ? "good" : "bad";
    expect(readings.every((reading) => reading.quality === quality)).toBe(true);
  }
  stop();
  await clock.advance(1000);
  await running;
});

test("on a bus that is too slow, devices of high priority keep their rhythm, and the others come", async () => {
  // 50 polls of 10 ms every 200 ms: two and a half times what the bus can do.
  const { clock, intake, loop, stop } = rig(50, 200, undefined, { urgent: 5 });
  const running = loop.run();
  await clock.advance(60_000);
  const byDevice = Map.groupBy(intake.readings(), (reading) => reading.device);
  for (let unit = 1; unit <= 50; unit++) {
    const polls = byDevice.get(`m${unit}`)?.length ?? 0;
    expect(polls).toBeGreaterThanOrEqual(unit <= 5 ? 285 : 25);
  }
  stop();
  await clock.advance(1000);
  await running;
});

test("four connections read four times as much, and no device on two of them at once", async () => {
  const { clock, link, intake, loop, stop } = rig(16, 40, undefined, { connections: 4 });
  const read = link.read.bind(link);
  const asked = new Set<number>();
  link.read = async (request, timeoutMs) => {
    expect(asked.has(request.unit)).toBe(false);
    asked.add(request.unit);
    const outcome = await read(request, timeoutMs);
    asked.delete(request.unit);
    return outcome;
  };
  const running = loop.run();
  await clock.advance(10_000);
  // 16 units each 40 ms, 10 ms an answer: just what four connections can do.
  expect(intake.readings().length).toBeGreaterThan(0.95 * 16 * 250);
  expect(loop.counters.pollsFailed).toBe(0);
  stop();
  await clock.advance(1000);
  await running;
});

test("a wall clock that steps moves the time stamps, and not the rhythm", async () => {
  const { clock, intake, loop, stop } = rig(1, 1000);
  const running = loop.run();
  await clock.advance(5500);
  clock.stepWall(-3_600_000);
  await clock.advance(5000);
  clock.stepWall(10 * 365 * 86_400_000);
  await clock.advance(5000);
  const readings = intake.readings();
  expect(readings).toHaveLength(16);
  expect(readings.every((reading) => reading.quality === "good")).toBe(true);
  expect(loop.counters.pollsMissed).toBe(0);
  expect(readings[6]!.ts - readings[5]!.ts).toBe(1000 - 3_600_000);
  stop();
  await clock.advance(1000);
  await running;
});

test("without a connection every turn is bad at once, and none waits", async () => {
  const { clock, link, intake, loop, stop } = rig(30, 1000);
  link.isOpen = false;
  const running = loop.run();
  await clock.advance(10_000);
  expect(intake.batches.length).toBeGreaterThanOrEqual(300);
  expect(intake.readings().every((reading) => reading.reason === "timeout")).toBe(true);
  stop();
  await clock.advance(1000);
  await running;
});

test("an unexpected error costs one poll, and polling goes on", async () => {
  const { clock, link, intake, loop, stop } = rig(1, 1000);
  const read = link.read.bind(link);
  let isBroken = true;
  link.read = async (request, timeoutMs) => {
    if (isBroken) throw new TypeError("a fault of ours");
    return await read(request, timeoutMs);
  };
  const running = loop.run();
  await clock.advance(5000);
  isBroken = false;
  await clock.advance(2000);
  expect(loop.counters.pollsFailed).toBeGreaterThan(3);
  expect(intake.readings().at(-1)).toMatchObject({ quality: "good" });
  stop();
  await clock.advance(1000);
  await running;
});

test("a command's request goes at once where the bus is idle, and takes turns with late polls", async () => {
  const idle = rig(1, 10_000);
  const idling = idle.loop.run();
  await idle.clock.advance(100);
  const order: string[] = [];
  const asked = idle.loop.guests.add(async () => {
    await idle.clock.sleep(ANSWER_MS, { name: "guest" });
    order.push("guest");
  });
  await idle.clock.advance(ANSWER_MS);
  await asked;
  expect(order).toEqual(["guest"]);
  expect(idle.loop.counters).toMatchObject({ polls: 1, guests: 1, pollsFailed: 0 });
  idle.stop();
  await idling;

  const busy = rig(20, 100);
  const working = busy.loop.run();
  const guests = Array.from({ length: 10 }, () =>
    busy.loop.guests.add(() => busy.clock.sleep(ANSWER_MS, { name: "guest" })),
  );
  await busy.clock.advance(20 * ANSWER_MS);
  await Promise.all(guests);
  expect(busy.loop.counters.polls).toBeGreaterThanOrEqual(8);
  busy.stop();
  await busy.clock.advance(1000);
  await working;
});

test("what waits when the bus is closed is turned away", async () => {
  const { clock, loop, stop } = rig(1, 1000);
  const running = loop.run();
  await clock.advance(50);
  const blocker = loop.guests.add(() => clock.sleep(1000, { name: "guest" }));
  await clock.advance(1);
  const waiting = loop.guests.add(async () => {});
  const outcome = Promise.allSettled([waiting]);
  stop();
  await clock.advance(1000);
  expect(await outcome).toMatchObject([{ status: "rejected", reason: { code: "BUS_BUSY" } }]);
  await blocker;
  await running;
});
