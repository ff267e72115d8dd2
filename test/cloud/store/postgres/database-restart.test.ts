/** The database goes away in the middle of transactions: nothing is acknowledged that is not there. */
import { systemClock } from "#core/clock.ts";
import { peerTest } from "#test/support/peer.ts";
import { postgres } from "#test/support/postgres.ts";
import { Plant } from "./plant.ts";

peerTest(
  "sinks go on by themselves after the database was restarted, or crashed",
  [postgres],
  async () => {
    const plant = await Plant.start();
    const sinks = [await plant.startSink(), await plant.startSink()];
    plant.startSending();
    for (const signal of ["SIGINT", "SIGQUIT", "SIGQUIT"] as const) {
      await systemClock.sleep(1500, { name: "sinks at work" });
      await plant.server.halt(signal);
      await systemClock.sleep(500, { name: "the database is away" });
      await plant.server.resume();
    }
    await plant.expectAllCounted(...sinks);
  },
);
