/** Faults of what several sinks share: partitions that each of them wants, and the database. */
import type { Inject } from "./injection.ts";

/**
 * A third sink joins, takes its share of the partitions from the others, and goes: by kill -9, so that
 * its partitions are nobody's until that is noticed, or in order.
 */
export const rivalSink: Inject = async ({ rig }, _fault, random) => {
  const rival = await rig.startRival(random);
  const isKilled = random.next() < 0.5;
  return {
    what: "a third sink joins",
    heal: async () => {
      await rival.stop(isKilled ? 0 : 15_000);
      return isKilled ? "and is killed" : "and leaves";
    },
  };
};

/**
 * Ends the server as a crash does, or breaking all connections off; after a while it is back. No sink
 * starts meanwhile: one that finds no database ends, and is its service manager's to start again.
 */
export const restartDatabase: Inject = async ({ rig, pulse, ending }, _fault, random) => {
  await pulse.untilWorking("sink", ending);
  const signal = random.next() < 0.5 ? "SIGQUIT" : "SIGINT";
  await rig.database.halt(signal);
  return { what: `${signal} to the database`, heal: () => rig.database.resume() };
};
