import { pino } from "pino";
import { expect, test } from "vitest";
import { AlarmRaiser } from "#cloud/ingest/alarm-raiser.ts";
import { sequenceJump } from "#cloud/ingest/alarms.ts";
import type { AlarmRow } from "#cloud/store/contract.ts";
import { PenstockError } from "#core/errors.ts";
import { RateLimitedLog } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { ManualClock } from "#test/support/manual-clock.ts";

function setUp(): {
  raiser: AlarmRaiser;
  clock: ManualClock;
  told: AlarmRow[];
  away: { is: boolean };
  lines: unknown[];
} {
  const clock = new ManualClock();
  const lines: unknown[] = [];
  const logger = pino({}, { write: (text: string) => void lines.push(JSON.parse(text)) });
  const told: AlarmRow[] = [];
  const away = { is: true };
  const known = new Set<string>();
  const raiser = new AlarmRaiser({
    store: {
      raise: async ({ id }) => {
        if (away.is) throw new PenstockError("STORE_FAILED", "the database is away");
        return known.size < known.add(id).size;
      },
    },
    clock,
    random: createRandom(1),
    log: new RateLimitedLog(logger, clock),
    onAlarms: (alarms) => told.push(...alarms),
  });
  return { raiser, clock, told, away, lines };
}

test("an alarm that the store cannot take is raised once it can, and told once", async () => {
  const { raiser, clock, told, away } = setUp();
  const alarm = sequenceJump("0", 5, 9, 1);
  raiser.raise(alarm);
  raiser.raise(alarm);
  await clock.advance(60_000);
  expect(told).toEqual([]);
  away.is = false;
  await clock.advance(20_000);
  expect(told).toEqual([alarm]);
  await raiser.stop();
});

test("what waits for a store that is away holds up no stop, and the log says what is lost", async () => {
  const { raiser, told, lines } = setUp();
  const alarm = sequenceJump("0", 5, 9, 1);
  raiser.raise(alarm);
  await raiser.stop();
  expect(told).toEqual([]);
  expect(lines.at(-1)).toMatchObject({
    msg: "alarms could not be stored before the end",
    count: 1,
    first: alarm.message,
  });
});
