/** Faults of the network, between the devices and the agent, and on both sides of the hub. */
import type { LinkName } from "../fault-kind.ts";
import type { Inject, Injected, Scene } from "./injection.ts";

const SLOWEST_BYTES_PER_SECOND = 2000;
const SLOW_SPAN = 50_000;

function onLink(
  name: LinkName,
  what: string,
  begin: (scene: Scene) => Promise<void> | void,
): Inject {
  return async (scene): Promise<Injected> => {
    const link = scene.rig.links[name];
    const connections = link.connections;
    await begin(scene);
    return { what: `${what} ${name}, ${connections} connections`, heal: () => link.heal() };
  };
}

export const cut = (name: LinkName): Inject =>
  onLink(name, "cut", ({ rig }) => rig.links[name].cut());

export const halfOpen = (name: LinkName): Inject =>
  onLink(name, "swallow answers on", ({ rig }) => rig.links[name].goHalfOpen());

export const blackHole = (name: LinkName): Inject =>
  onLink(name, "let nothing pass on", ({ rig }) => rig.links[name].blackHole());

export function slow(name: LinkName): Inject {
  return async ({ rig }, _fault, random) => {
    const bytesPerSecond = SLOWEST_BYTES_PER_SECOND + random.int(SLOW_SPAN);
    const link = rig.links[name];
    link.slow(bytesPerSecond);
    return { what: `${bytesPerSecond} bytes/s on ${name}`, heal: () => link.heal() };
  };
}
