/** Faults of whole programs: killed as a power cut does, or frozen so that they become zombies. */

import type { Random } from "#core/random.ts";
import type { Supervisor } from "#sim/programs/supervisor.ts";
import { type ProgramName, programNames } from "../fault-kind.ts";
import type { Rig } from "../rig.ts";
import type { Inject } from "./injection.ts";

/** Data passes when the wait is over: the kill is to hit any moment of the work, not its begin. */
const WORK_MORE_MS = 600;

export function kill(name: ProgramName): Inject {
  return async ({ rig, pulse, clock, ending }, _fault, random) => {
    await pulse.untilWorking(name, ending);
    await clock.sleep(random.int(WORK_MORE_MS), { name: `kill ${name}` });
    const program = oneOf(rig, name, random);
    await program.kill();
    return { what: `kill -9 ${program.name}` };
  };
}

/** All at once: what they held in memory and on the wire is gone together. */
export const killAll: Inject = async ({ rig, pulse, clock, ending }, _fault, random) => {
  await Promise.all(programNames.map((name) => pulse.untilWorking(name, ending)));
  await clock.sleep(random.int(WORK_MORE_MS), { name: "kill all" });
  const all = programNames.flatMap((name) => rig.programs(name));
  await Promise.all(all.map((program) => program.kill()));
  return { what: `kill -9 ${programNames.join(", ")}` };
};

/** Its connections stay open while others give it up and take over; then it goes on as if nothing was. */
export function freeze(name: ProgramName): Inject {
  return async ({ rig, pulse, ending }, _fault, random) => {
    await pulse.untilWorking(name, ending);
    const program = oneOf(rig, name, random);
    program.freeze();
    return { what: `SIGSTOP ${program.name}`, heal: () => program.thaw() };
  };
}

/** There may be two sinks. */
function oneOf(rig: Rig, name: ProgramName, random: Random): Supervisor {
  const programs = rig.programs(name);
  return programs[random.int(programs.length)] ?? rig.program(name);
}
