/** Whoever keeps the alarms is killed, again and again, while alarms come. */
import { expect, onTestFinished } from "vitest";
import type { AlarmTransition } from "#core/alarm.ts";
import { systemClock } from "#core/clock.ts";
import { createRandom } from "#core/random.ts";
import { eventually } from "#test/support/hub.ts";
import { peerTest } from "#test/support/peer.ts";
import { PostgresServer, postgres } from "#test/support/postgres.ts";
import { AlarmPlant, PLANT_TIMEOUT_MS, recentMinute } from "./alarm-plant.ts";

const ROUNDS = 2;
const ALARMS_PER_ROUND = 12;
const PATIENCE_MS = 60_000;
const random = createRandom(23);

/** Critical, so that neither a group nor a flood holds it back. */
function alarmOf(device: string): AlarmTransition {
  return {
    id: `${device} 1`,
    device,
    tag: "pressure",
    rule: "limit-hh",
    state: "active",
    priority: "critical",
    ts: recentMinute(),
    value: 12,
    expected: 10,
    message: "pressure is 12 bar, above 10 bar",
  };
}

peerTest(
  "each alarm is taken in once and told, however often the sink that keeps them is killed",
  [postgres],
  async () => {
    const server = await PostgresServer.start();
    onTestFinished(() => server.remove());
    const plant = await AlarmPlant.start(`{ postgres: "${await server.emptyDatabase()}" }`);
    let [holder, rival] = [await plant.startSink(), await plant.startSink()];
    await holder.holds();
    const devices: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const killAt = random.int(ALARMS_PER_ROUND);
      for (let at = 0; at < ALARMS_PER_ROUND; at++) {
        const device = `press-${devices.length}`;
        devices.push(device);
        await plant.sendContent("hall-4", { kind: "alarm", transitions: [alarmOf(device)] });
        await systemClock.sleep(random.int(150), { name: "between alarms" });
        if (at === killAt) await holder.kill();
      }
      await rival.holds();
      [holder, rival] = [rival, await plant.startSink()];
    }
    const tells = (): Set<string> => new Set(plant.told.map(({ device }) => device));
    await eventually("all are told", () => tells().size === devices.length, PATIENCE_MS);
    await holder.isQuiet();

    const expected = devices.map((device) => `${device} raised`).toSorted();
    const journal = await holder.journal();
    expect(journal.filter((entry) => entry.endsWith(" raised")).toSorted()).toEqual(expected);
    // Told again, perhaps; but never as another one.
    const ids = new Set(plant.told.map(({ device, kind, id }) => `${device} ${kind} ${id}`));
    expect(ids.size).toBe(devices.length);
  },
  PLANT_TIMEOUT_MS,
);
