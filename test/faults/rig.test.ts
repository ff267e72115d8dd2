import { randomInt } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "#core/clock.ts";
import { createRandom } from "#core/random.ts";
import { readSink } from "#sim/programs/status.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";
import { pickRigPorts } from "./ports.ts";
import { Rig } from "./rig.ts";

const NOTHING_POLLED = { buses: {}, devices: {} };

async function startRig(): Promise<{ rig: Rig; notices: string[] }> {
  const notices: string[] = [];
  const random = createRandom(randomInt(2 ** 32));
  const settings = {
    folder: await tempFolder(),
    ports: await pickRigPorts(random),
    hasOwnClock: false,
    hasSmallDisks: false,
    database: undefined,
  };
  const notice = (text: string): void => void notices.push(text);
  const rig = new Rig(settings, { clock: systemClock, random, notice });
  onTestFinished(() => rig.stop());
  await rig.start(NOTHING_POLLED);
  return { rig, notices };
}

test("agent and sink end when they are asked to, though their connections to the hub are dead", {
  timeout: 60_000,
}, async () => {
  const { rig, notices } = await startRig();
  // Descriptions and the agent's first readings are not needed: links that were used are.
  await until(async () => (await readSink(rig.sinkUrl)) !== undefined);
  await until(() => rig.links.feed.connections > 0);
  rig.links.feed.blackHole();
  rig.links.uplink.blackHole();
  await Promise.all([rig.program("sink").stop(10_000), rig.program("agent").stop(10_000)]);
  expect(notices).toEqual([]);
});
