import { expect, onTestFinished } from "vitest";
import { peerTest } from "#test/support/peer.ts";
import { PostgresServer, postgres } from "#test/support/postgres.ts";
import { AlarmPlant, PLANT_TIMEOUT_MS } from "./alarm-plant.ts";
import { tellsOnce } from "./told-once.ts";

peerTest(
  "another sink goes on with the alarms of one that is killed, and repeats and loses none",
  [postgres],
  async () => {
    const server = await PostgresServer.start();
    onTestFinished(() => server.remove());
    const plant = await AlarmPlant.start(`{ postgres: "${await server.emptyDatabase()}" }`);
    const holder = await plant.startSink();
    await holder.holds();
    const rival = await plant.startSink();
    expect(await rival.status()).toMatchObject({ alarmDesk: { isHeld: false } });
    await tellsOnce(plant, holder, async () => rival);
  },
  PLANT_TIMEOUT_MS,
);
