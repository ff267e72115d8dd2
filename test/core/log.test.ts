import { pino } from "pino";
import { expect, test } from "vitest";
import { RateLimitedLog } from "#core/log.ts";
import { ManualClock } from "#test/support/manual-clock.ts";

interface Line {
  msg: string;
  heldBack: number;
  client?: string;
}

function limitedLog(): { clock: ManualClock; log: RateLimitedLog; lines: Line[] } {
  const lines: Line[] = [];
  const clock = new ManualClock();
  const logger = pino({}, { write: (text: string) => void lines.push(JSON.parse(text)) });
  return { clock, log: new RateLimitedLog(logger, clock, 10_000), lines };
}

test("one line a subject and interval, with the number held back since", async () => {
  const { clock, log, lines } = limitedLog();
  for (let i = 0; i < 1000; i++) log.warn("bad payload", { client: "c1" }, "payload refused");
  expect(lines).toHaveLength(1);
  await clock.advance(9_999);
  log.warn("bad payload", {}, "payload refused");
  expect(lines).toHaveLength(1);
  await clock.advance(1);
  log.warn("bad payload", { client: "c2" }, "payload refused");
  expect(lines.map(({ heldBack }) => heldBack)).toEqual([0, 1000]);
  expect(lines[1]?.client).toBe("c2");
});

test("subjects do not silence each other", () => {
  const { log, lines } = limitedLog();
  log.warn("a", {}, "first");
  log.warn("b", {}, "second");
  expect(lines.map(({ msg }) => msg)).toEqual(["first", "second"]);
});

test("names made up by a hostile peer share one line, and take no memory", () => {
  const { log, lines } = limitedLog();
  for (let i = 0; i < 10_000; i++) log.warn(`client ${i}`, {}, "refused");
  expect(lines).toHaveLength(257);
});

test("stepping the wall clock neither floods nor silences", async () => {
  const { clock, log, lines } = limitedLog();
  log.warn("a", {}, "x");
  clock.stepWall(3_600_000);
  log.warn("a", {}, "x");
  clock.stepWall(-7_200_000);
  expect(lines).toHaveLength(1);
  await clock.advance(10_000);
  log.warn("a", {}, "x");
  expect(lines).toHaveLength(2);
});
