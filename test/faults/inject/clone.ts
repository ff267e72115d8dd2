/**
 * A gateway's card is copied: the buffer's folder, taken while the agent is stopped, starts a second
 * life under the same gateway's name on a machine with another id. What both still hold is sent twice
 * under one identity; what the clone accepts from devices of its own is news.
 */
import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "#core/random.ts";
import type { MqttPublisher } from "#sim/mqtt/publisher.ts";
import type { ClonedAgent } from "../cloned-agent.ts";
import { EXTRA_TAGS, type Sample } from "../extra-devices.ts";
import type { Inject, Scene } from "./injection.ts";

const MESSAGES = 200;
const DRAIN_WITHIN_MS = 180_000;

export const clone: Inject = async (scene, { number }, random) => {
  const { rig, clock, extraDevices } = scene;
  const folder = join(rig.cloneFolder, String(number));
  await mkdir(folder, { recursive: true });
  await rig.program("agent").whileDown(async () => {
    await cp(rig.bufferFolder, join(folder, "buffer"), { recursive: true });
  });
  const agent = await rig.startClone(folder, random);
  const samples = samplesFrom(clock.now(), number, random);
  const publisher = extraDevices.publish(`clone-${number}`, agent.mqttPort, samples);
  return {
    what: "a copy of the buffer runs on another machine",
    heal: async () => {
      await untilDrained(scene, agent, publisher);
      await agent.stop();
      await rm(folder, { recursive: true, force: true });
      return `the copy has delivered ${MESSAGES} messages of its own, and is gone`;
    },
  };
};

function samplesFrom(nowMs: number, number: number, random: Random): Sample[] {
  return Array.from({ length: MESSAGES }, (_, index) => ({
    ts: Math.floor(nowMs) + index,
    values: Float64Array.from(EXTRA_TAGS, () => number + index + random.next()),
  }));
}

/** The clone may hold what was promised to its devices: it stays until that is delivered. */
async function untilDrained(
  { clock }: Scene,
  agent: ClonedAgent,
  publisher: MqttPublisher,
): Promise<void> {
  const deadlineMs = clock.monotonic() + DRAIN_WITHIN_MS;
  while (publisher.unacknowledged > 0 || !(await agent.isEmpty())) {
    if (clock.monotonic() > deadlineMs) throw new Error("the cloned buffer does not drain");
    await clock.sleep(200, { name: "clone drains" });
  }
}
