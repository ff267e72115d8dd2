import { describe, expect, test } from "vitest";
import { BacklogPace } from "#agent/uplink/backlog-pace.ts";
import { ManualClock } from "#test/support/manual-clock.ts";

const EVENT_BYTES = 10_000;

/**
 * Sends events of the backlog as fast as it may, beside so much live data; gives its bytes a second
 * once the live data has been measured.
 */
async function drain(seconds: number, liveRate: number, isFailing = false): Promise<number> {
  const clock = new ManualClock();
  const pace = new BacklogPace({
    bytesPerSecond: 1e6,
    share: 0.5,
    isFailing: () => isFailing,
    clock,
  });
  const live = clock.every("live", 100, () => pace.liveSent(liveRate / 10));
  let bytes = 0;
  const lane = async (): Promise<void> => {
    while (await pace.turn()) {
      await clock.sleep(1, { name: "send" });
      bytes += EVENT_BYTES;
      pace.ended(EVENT_BYTES, EVENT_BYTES * 8);
    }
  };
  const lanes = Array.from({ length: 8 }, lane);
  await clock.advance(2000);
  bytes = 0;
  await clock.advance(seconds * 1000);
  live.cancel();
  const sent = bytes;
  pace.stop();
  await clock.advance(10);
  await Promise.all(lanes);
  return sent / seconds;
}

function paceOf(bytesPerSecond: number): BacklogPace {
  const clock = new ManualClock();
  return new BacklogPace({ bytesPerSecond, share: 0.5, isFailing: () => false, clock });
}

describe("the pace of a backlog", () => {
  test("is its share of the bandwidth where live data leaves that", async () => {
    expect((await drain(20, 100_000)) / 500_000).toBeCloseTo(1, 1);
  });

  test("is what live data leaves where that is less, and never nothing", async () => {
    expect((await drain(20, 800_000)) / 200_000).toBeGreaterThan(0.8);
    expect((await drain(20, 800_000)) / 200_000).toBeLessThan(1.3);
    expect((await drain(20, 2_000_000)) / 50_000).toBeGreaterThan(0.8);
    expect((await drain(20, 2_000_000)) / 50_000).toBeLessThan(1.3);
  });

  test("lets few events be under way at once, and one alone while sends fail", async () => {
    for (const [isFailing, most] of [
      [false, 4],
      [true, 1],
    ] as const) {
      const clock = new ManualClock();
      const pace = new BacklogPace({
        bytesPerSecond: 1e6,
        share: 1,
        isFailing: () => isFailing,
        clock,
      });
      let underWay = 0;
      const turns = Array.from({ length: 8 }, async () => {
        if (await pace.turn()) underWay += 1;
      });
      await clock.advance(10_000);
      expect(underWay).toBe(most);
      pace.ended(0, 0);
      await clock.advance(1);
      expect(underWay).toBe(most + 1);
      pace.stop();
      await Promise.all(turns);
    }
  });

  test("cuts events so short that a live one behind them waits a tenth of a second at most", () => {
    expect(paceOf(1e6).eventLineBytes).toBe(256 * 1024);
    const slow = paceOf(64_000);
    expect(slow.eventLineBytes).toBe(32_000);
    // Lines that shrink to a tenth may be twice as long as those that shrink to a fifth.
    for (let i = 0; i < 40; i++) slow.ended(1000, 10_000);
    expect(slow.eventLineBytes).toBeGreaterThan(60_000);
  });
});
