/** The hub's own faults, asked for through its admin socket, as a person would. */
import { askHub } from "#cloud/hub/admin-client.ts";
import type { Random } from "#core/random.ts";
import type { PlannedFault } from "../storm-plan.ts";
import type { Inject, Scene } from "./injection.ts";

type Values = (fault: PlannedFault, random: Random) => Record<string, string>;

/** Asked again where the hub is just being killed: a storm has other faults meanwhile. */
const ASKS_MAX = 50;
/** A storm that is over still waits for a hub that comes back. */
const NEVER = new AbortController().signal;

async function ask({ rig, pulse }: Scene, path: string): Promise<string> {
  for (let asks = 1; ; asks++) {
    await pulse.untilUp("hub", NEVER);
    const answer = await askHub(rig.hubFolder, "POST", path).catch((error: unknown) => {
      if (asks === ASKS_MAX) throw error;
    });
    if (answer && !answer.ok) throw new Error(`the hub refuses ${path}: ${answer.text}`);
    if (answer) return path;
  }
}

/** Happens once. */
export function hubEvent(name: string, values: Values = () => ({})): Inject {
  return async (scene, fault, random) => {
    const query = new URLSearchParams(values(fault, random)).toString();
    return { what: await ask(scene, `/fault/${name}?${query}`) };
  };
}

/** Lasts until it is cleared, or the hub is killed, which forgets it. */
export function hubState(name: string, values: Values): Inject {
  return async (scene, fault, random) => {
    const query = new URLSearchParams(values(fault, random)).toString();
    const what = await ask(scene, `/fault/${name}?${query}`);
    return { what, heal: () => ask(scene, "/fault/clear") };
  };
}
