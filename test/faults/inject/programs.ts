/** Faults of whole programs: killed as a power cut does, or frozen so that they become zombies. */
import { type ProgramName, programNames } from "../fault-kind.ts";
import type { Inject } from "./injection.ts";

/** Data passes when the wait is over: the kill is to hit any moment of the work, not its begin. */
const WORK_MORE_MS = 600;

export function kill(name: ProgramName): Inject {
  return async ({ rig, pulse, clock, ending }, _fault, random) => {
    await pulse.untilWorking(name, ending);
    await clock.sleep(random.int(WORK_MORE_MS), { name: `kill ${name}` });
    await rig.program(name).kill();
    return { what: `kill -9 ${name}` };
  };
}

/** All at once: what they held in memory and on the wire is gone together. */
export const killAll: Inject = async ({ rig, pulse, clock, ending }, _fault, random) => {
  await Promise.all(programNames.map((name) => pulse.untilWorking(name, ending)));
  await clock.sleep(random.int(WORK_MORE_MS), { name: "kill all" });
  await Promise.all(programNames.map((name) => rig.program(name).kill()));
  return { what: `kill -9 ${programNames.join(", ")}` };
};

/** Its connections stay open while others give it up and take over; then it goes on as if nothing was. */
export function freeze(name: ProgramName): Inject {
  return async ({ rig, pulse, ending }) => {
    await pulse.untilWorking(name, ending);
    rig.program(name).freeze();
    return { what: `SIGSTOP ${name}`, heal: () => rig.program(name).thaw() };
  };
}
