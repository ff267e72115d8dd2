/** The database goes away in the middle of transactions: nothing is acknowledged that is not there. */
import { expect } from "vitest";
import { systemClock } from "#core/clock.ts";
import { peerTest } from "#test/support/peer.ts";
import { postgres } from "#test/support/postgres.ts";
import { PLANT_TIMEOUT_MS, Plant } from "./plant.ts";

peerTest(
  "sinks go on by themselves after the database was restarted, or crashed",
  [postgres],
  async () => {
    const plant = await Plant.start();
    const [first, second] = [await plant.startSink(), await plant.startSink()];
    plant.startSending();
    for (const signal of ["SIGINT", "SIGQUIT", "SIGQUIT"] as const) {
      await systemClock.sleep(1500, { name: "sinks at work" });
      await plant.server.halt(signal);
      await systemClock.sleep(500, { name: "the database is away" });
      await plant.server.resume();
    }
    await plant.drain(first);
    for (const sink of [first, second]) {
      for (const width of ["1m", "5m", "1h"] as const) {
        expect(await sink.rows(width)).toEqual(plant.expectedRows());
      }
    }
  },
  PLANT_TIMEOUT_MS,
);
