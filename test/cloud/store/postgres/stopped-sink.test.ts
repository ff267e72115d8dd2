/** A process that stands still is held to be dead. When it goes on, it must not write what is over. */
import { expect } from "vitest";
import { eventually } from "#test/support/hub.ts";
import { peerTest } from "#test/support/peer.ts";
import { postgres } from "#test/support/postgres.ts";
import { PATIENCE_MS, PLANT_TIMEOUT_MS, Plant } from "./plant.ts";

peerTest(
  "a sink that stood still while others took over writes nothing of before",
  [postgres],
  async () => {
    const plant = await Plant.start();
    const stopped = await plant.startSink();
    plant.startSending();
    await eventually(
      "it reads all partitions",
      async () => (await stopped.partitions()) === 4,
      PATIENCE_MS,
    );
    const [before] = await plant.query("SELECT id FROM penstock.sink WHERE id > 0");
    stopped.child.kill("SIGSTOP");
    const other = await plant.startSink();
    await eventually(
      "the other one has taken over",
      async () => (await other.partitions()) === 4,
      PATIENCE_MS,
    );
    const left = `SELECT count(*)::int AS events FROM penstock.journal WHERE sink_id = ${String(before?.["id"])}`;
    await eventually(
      "its journal is taken over",
      async () => {
        const [journal] = await plant.query(left);
        return journal?.["events"] === 0;
      },
      PATIENCE_MS,
    );
    stopped.child.kill("SIGCONT");
    // It comes back as another one, and gets its share.
    await eventually(
      "it takes part again",
      async () => {
        const counts = [await stopped.partitions(), await other.partitions()];
        return counts.every((count) => count === 2);
      },
      PATIENCE_MS,
    );
    await plant.drain(other);
    for (const sink of [stopped, other]) {
      for (const width of ["1m", "5m", "1h"] as const) {
        expect(await sink.rows(width)).toEqual(plant.expectedRows());
      }
    }
    const ids = await plant.query("SELECT id FROM penstock.sink WHERE id > 0 AND NOT retired");
    expect(ids).toHaveLength(2);
    expect(ids).not.toContainEqual(before);
  },
  PLANT_TIMEOUT_MS,
);
