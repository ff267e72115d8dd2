/** Two sinks fight for the partitions while one after the other is killed. */
import { expect } from "vitest";
import { systemClock } from "#core/clock.ts";
import { createRandom } from "#core/random.ts";
import { eventually } from "#test/support/hub.ts";
import { peerTest } from "#test/support/peer.ts";
import { postgres } from "#test/support/postgres.ts";
import { PATIENCE_MS, PLANT_TIMEOUT_MS, Plant } from "./plant.ts";

const ROUNDS = 3;
const random = createRandom(7);

peerTest(
  "sinks that are killed at random count every reading once",
  [postgres],
  async () => {
    const plant = await Plant.start();
    let [first, second] = [await plant.startSink(), await plant.startSink()];
    plant.startSending();
    for (let round = 0; round < ROUNDS; round++) {
      await systemClock.sleep(500 + random.int(1500), { name: "sinks at work" });
      await first.kill();
      [first, second] = [second, await plant.startSink()];
    }
    await plant.drain(second);
    for (const sink of [first, second]) {
      for (const width of ["1m", "5m", "1h"] as const) {
        expect(await sink.rows(width)).toEqual(plant.expectedRows());
      }
    }
    // Of those that were killed nothing is left but their totals.
    await eventually(
      "the dead are buried",
      async () => {
        const rows = await plant.query("SELECT name FROM penstock.sink WHERE id > 0");
        return rows.length === 2;
      },
      PATIENCE_MS,
    );
    for (const sink of [first, second]) expect(await sink.end()).toBe(0);
    expect(await plant.query("SELECT count(*)::int AS rows FROM penstock.journal")).toEqual([
      { rows: 0 },
    ]);
  },
  PLANT_TIMEOUT_MS,
);
