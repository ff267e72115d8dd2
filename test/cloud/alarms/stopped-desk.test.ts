/** A process that stands still for a while does not know that it has lost anything. */
import { expect, onTestFinished } from "vitest";
import { eventually } from "#test/support/hub.ts";
import { peerTest } from "#test/support/peer.ts";
import { PostgresServer, postgres } from "#test/support/postgres.ts";
import { AlarmPlant, PLANT_TIMEOUT_MS, recentMinute } from "./alarm-plant.ts";

const MINUTE_MS = 60_000;

peerTest(
  "a sink that stood still while another one took the alarms over writes and tells nothing twice",
  [postgres],
  async () => {
    const server = await PostgresServer.start();
    onTestFinished(() => server.remove());
    const plant = await AlarmPlant.start(`{ postgres: "${await server.emptyDatabase()}" }`);
    const holder = await plant.startSink();
    await holder.holds();
    const rival = await plant.startSink();
    const minute = recentMinute();
    await plant.send("oven-1", minute, 250);

    holder.child.kill("SIGSTOP");
    await plant.send("oven-1", minute + MINUTE_MS, 250);
    await rival.holds();
    await plant.isTold("oven-1");
    await rival.isQuiet();
    holder.child.kill("SIGCONT");
    await eventually("the one that stood still knows", async () => {
      return !(await holder.status()).alarmDesk.isHeld;
    });
    await plant.send("oven-2", minute + MINUTE_MS, 300);
    await plant.send("oven-2", minute + 2 * MINUTE_MS, 300);
    await plant.isTold("oven-2");
    await rival.isQuiet();

    expect((await rival.status()).alarmDesk.isHeld).toBe(true);
    const told = plant.told.map(({ device, kind }) => `${device} ${kind}`);
    expect(told).toEqual(["oven-1 raised", "oven-2 raised"]);
    const raised = (await rival.journal()).filter((entry) => entry.endsWith(" raised"));
    expect(raised).toEqual(told);
  },
  PLANT_TIMEOUT_MS,
);
