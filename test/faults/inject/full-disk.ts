/** No space left on a program's disk. */
import type { ProgramName } from "../fault-kind.ts";
import type { Inject } from "./injection.ts";

export function fullDisk(name: ProgramName): Inject {
  return async ({ rig, pulse, ending }) => {
    await pulse.untilWorking(name, ending);
    const disk = rig.disk(name);
    disk.fill();
    return { what: `no space left for ${name}`, heal: () => disk.free() };
  };
}
