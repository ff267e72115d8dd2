/** Which function brings about which kind of fault. */

import { createRandom } from "#core/random.ts";
import { linkNames, programNames } from "../fault-kind.ts";
import type { PlannedFault } from "../storm-plan.ts";
import { clockStep } from "./clock-step.ts";
import { clone } from "./clone.ts";
import { corruption } from "./corruption.ts";
import { fullDisk } from "./full-disk.ts";
import { history } from "./history.ts";
import { hubEvent, hubState } from "./hub-faults.ts";
import type { Inject, Injected, Scene } from "./injection.ts";
import { blackHole, cut, halfOpen, slow } from "./links.ts";
import { newHub } from "./new-hub.ts";
import { freeze, kill, killAll } from "./programs.ts";
import { resend } from "./resend.ts";
import { restartDatabase, rivalSink } from "./shared-database.ts";

const CONFIRMATIONS_LOST_MAX = 3;
/** Of which one is refused; a hub may have fewer at times, and then nothing is refused. */
const PARTITIONS = 8;

const injections: ReadonlyMap<string, Inject> = new Map<string, Inject>([
  ...programNames.map((name) => [`kill-${name}`, kill(name)] as const),
  ["kill-all", killAll],
  ...programNames.map((name) => [`freeze-${name}`, freeze(name)] as const),
  ...linkNames.flatMap((name) => [
    [`cut-${name}`, cut(name)] as const,
    [`half-open-${name}`, halfOpen(name)] as const,
    [`black-hole-${name}`, blackHole(name)] as const,
    [`slow-${name}`, slow(name)] as const,
  ]),
  ["throttle", hubState("throttle", ({ forMs }) => ({ for: `${forMs}ms` }))],
  ["refuse", hubState("refuse", (_, random) => ({ partition: `${random.int(PARTITIONS)}` }))],
  ["delay", hubState("delay", (_, random) => ({ for: `${50 + random.int(2000)}ms` }))],
  [
    "confirm-drop",
    hubEvent("confirm-drop", (_, random) => ({
      count: `${1 + random.int(CONFIRMATIONS_LOST_MAX)}`,
    })),
  ],
  ["detach", hubEvent("detach")],
  ["drop", hubEvent("drop")],
  ["expire", hubEvent("expire")],
  ["clock-step", clockStep],
  ...programNames.map((name) => [`full-disk-${name}`, fullDisk(name)] as const),
  ["resend", resend],
  ["new-hub", newHub],
  ["history", history],
  ["clone-buffer", clone],
  ["corruption", corruption],
  ["rival-sink", rivalSink],
  ["zombie-sink", freeze("sink")],
  ["restart-database", restartDatabase],
]);

/** Resolves when the fault is under way. */
export async function bringAbout(scene: Scene, fault: PlannedFault): Promise<Injected> {
  const inject = injections.get(fault.kind.name);
  if (!inject) throw new Error(`nobody knows how to bring about ${fault.kind.name}`);
  return await inject(scene, fault, createRandom(fault.seed));
}
