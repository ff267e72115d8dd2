/**
 * The hub is deleted, and made anew with another number of partitions. What it had confirmed and
 * the sink had not read would be gone with it, and nobody could help that; so the sink reads to the
 * end first. What is in flight then is in doubt: the sink may have read it from the old hub, and gets
 * it again from the new one, by another partition.
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Inject, Scene } from "./injection.ts";

const PARTITIONS_MAX = 24;
const READ_WITHIN_MS = 120_000;
/** The rest of the folder goes; without its keys nobody could log in to the new hub. */
const KEPT = "keys.json";

export const newHub: Inject = async (scene, _fault, random) => {
  const { rig } = scene;
  await rig.links.uplink.cut();
  await untilHubIsRead(scene);
  const before = rig.partitions;
  const partitions = other(before, 1 + random.int(PARTITIONS_MAX));
  await rig.program("hub").whileDown(async () => {
    for (const name of await readdir(rig.hubFolder)) {
      if (name !== KEPT) await rm(join(rig.hubFolder, name), { recursive: true });
    }
    rig.partitions = partitions;
  });
  await rig.links.uplink.heal();
  return { what: `a new hub: ${partitions} partitions instead of ${before}` };
};

async function untilHubIsRead({ pulse, clock }: Scene): Promise<void> {
  const deadlineMs = clock.monotonic() + READ_WITHIN_MS;
  while (!(await pulse.isHubRead())) {
    if (clock.monotonic() > deadlineMs)
      throw new Error("the sink does not read the hub to its end");
    await clock.sleep(100, { name: "new hub" });
  }
}

function other(before: number, drawn: number): number {
  return drawn === before ? before + 1 : drawn;
}
