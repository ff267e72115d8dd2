import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { GatewayClock } from "#agent/timekeeping/gateway-clock.ts";
import { readTimedatectl } from "#agent/timekeeping/system-sync.ts";
import { encodeBootTime, isBootTime } from "#core/boot-time.ts";
import { silentLogger } from "#core/log.ts";
import { ManualClock, MANUAL_CLOCK_START_MS as RIGHT } from "#test/support/manual-clock.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";

const MINUTE = 60_000;

/** A gateway whose clock starts in 1970, ten seconds after the kernel. */
class Machine {
  clock = new ManualClock(10_000);
  isSynced = false;
  readonly path: string;

  constructor(folder: string) {
    this.path = join(folder, "buffer.clock");
  }

  async start(bootId = "boot-1"): Promise<GatewayClock> {
    const gateway = new GatewayClock({
      clock: this.clock,
      boot: { id: bootId, originMs: 10_000 },
      path: this.path,
      waitMaxMs: 10 * MINUTE,
      isSynced: async () => this.isSynced,
      log: silentLogger,
    });
    await gateway.start();
    return gateway;
  }

  /** The system's clock is set right. */
  sync(): void {
    this.clock.stepWall(RIGHT - this.clock.now());
    this.isSynced = true;
  }
}

describe("a gateway that starts in 1970", () => {
  let machine: Machine;
  beforeEach(async () => {
    machine = new Machine(await tempFolder());
  });

  test("stamps by its boot, and tells the right time of it once the clock is right", async () => {
    const gateway = await machine.start();
    const first = gateway.now();
    expect(isBootTime(first)).toBe(true);
    expect(gateway.isDecided).toBe(false);
    await machine.clock.advance(30_000);
    const second = gateway.now();
    expect(second - first).toBe(30_000);
    let decided = 0;
    gateway.onDecided(() => (decided += 1));
    machine.sync();
    await machine.clock.advance(1000);
    await until(() => gateway.isDecided);
    expect(decided).toBe(1);
    expect(gateway.status()).toMatchObject({ state: "synced" });
    expect(gateway.table.resolve(first)).toEqual({ ts: RIGHT - 30_000, isSynced: true });
    expect(gateway.table.resolve(second)).toEqual({ ts: RIGHT, isSynced: true });
    expect(gateway.now()).toBe(RIGHT + 1000);
  });

  test("gives up after the longest wait, flags what it has, and stays with it", async () => {
    const gateway = await machine.start();
    const stamp = gateway.now();
    await machine.clock.advance(10 * MINUTE);
    await until(() => gateway.isDecided);
    expect(gateway.status().state).toBe("unsynced");
    const told = gateway.table.resolve(stamp);
    expect(told).toEqual({ ts: 10_000, isSynced: false });
    expect(isBootTime(gateway.now())).toBe(true);
    machine.sync();
    await machine.clock.advance(1000);
    await until(() => gateway.status().state === "synced");
    expect(gateway.table.resolve(stamp)).toEqual(told);
    expect(gateway.now()).toBe(machine.clock.now());
  });

  test("tells the same times after a restart of the agent in the same boot", async () => {
    const before = await machine.start();
    const stamp = before.now();
    before.stop();
    const after = await machine.start();
    expect(after.now()).toBe(stamp);
    machine.sync();
    await machine.clock.advance(1000);
    await until(() => after.isDecided);
    const told = after.table.resolve(stamp);
    expect(told).toEqual({ ts: RIGHT, isSynced: true });
    after.stop();
    // The clock was right in this boot, whatever the system says just now.
    machine.isSynced = false;
    const third = await machine.start();
    expect(third.status().state).toBe("synced");
    expect(third.table.resolve(stamp)).toEqual(told);
  });

  test("flags what a boot left behind that never had the time", async () => {
    const lost = await machine.start("boot-1");
    const stamp = lost.now();
    lost.stop();
    machine.sync();
    const next = await machine.start("boot-2");
    expect(next.status().state).toBe("synced");
    expect(next.table.resolve(stamp)).toEqual({ ts: 10_000, isSynced: false });
  });

  test("keeps the times of several boots apart, and forgets the first of very many", async () => {
    const boots = Array.from({ length: 64 }, (_, i) => ({
      number: i + 1,
      bootId: `old-${i}`,
      offsetMs: 1000 * i,
      state: "waiting",
    }));
    writeFileSync(machine.path, JSON.stringify({ version: 1, boots }));
    const gateway = await machine.start();
    const stamp = gateway.now();
    const told = (boot: number): number =>
      gateway.table.resolve(encodeBootTime({ boot, sinceBootMs: 7 })).ts;
    expect([told(1), told(2), told(64)]).toEqual([7, 1007, 63_007]);
    machine.sync();
    await machine.clock.advance(1000);
    await until(() => gateway.isDecided);
    expect(gateway.table.resolve(stamp)).toEqual({ ts: RIGHT, isSynced: true });
    expect(told(64)).toBe(63_007);
  });

  test("starts without a table that is damaged", async () => {
    writeFileSync(machine.path, '{"version":1,"boots":[{"num');
    const gateway = await machine.start();
    expect(gateway.status().state).toBe("waiting");
  });
});

test("a gateway whose clock is right makes no table, and stamps by it", async () => {
  const machine = new Machine(await tempFolder());
  machine.sync();
  const gateway = await machine.start();
  expect(gateway.now()).toBe(RIGHT);
  expect(gateway.table.isEmpty).toBe(true);
  machine.clock.stepWall(-3_600_000);
  expect(gateway.now()).toBe(RIGHT - 3_600_000);
});

test.each([
  ["NTP=yes\nNTPSynchronized=no\n", false],
  ["NTP=yes\nNTPSynchronized=yes\n", true],
  ["NTP=no\nNTPSynchronized=no\n", true],
  ["", true],
])("of %j the clock counts as right: %s", (shown, isRight) => {
  expect(readTimedatectl(shown)).toBe(isRight);
});
