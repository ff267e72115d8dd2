/** How a fault is brought about, and undone. */
import type { Clock } from "#core/clock.ts";
import type { Random } from "#core/random.ts";
import type { ExtraDevices } from "../extra-devices.ts";
import type { Pulse } from "../pulse.ts";
import type { Rig } from "../rig.ts";
import type { PlannedFault } from "../storm-plan.ts";
import type { SuspectChunks } from "../suspect-chunks.ts";

export interface Scene {
  rig: Rig;
  pulse: Pulse;
  clock: Clock;
  extraDevices: ExtraDevices;
  suspects: SuspectChunks;
  /** The storm is over: what waits for a better moment need not wait any more. */
  ending: AbortSignal;
}

export interface Injected {
  /** What was done, for the log: a few words. */
  what: string;
  /** Undoes it, after the fault's time; what it says is logged as well. */
  heal?: () => Promise<string | void> | string | void;
}

/** Resolves when the fault is under way. */
export type Inject = (scene: Scene, fault: PlannedFault, random: Random) => Promise<Injected>;
