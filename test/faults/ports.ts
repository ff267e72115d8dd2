import type { Random } from "#core/random.ts";
import { pickFreePorts } from "#sim/programs/free-ports.ts";
import type { LinkName } from "./fault-kind.ts";

/** Kept over restarts: a program, or a link, is found again where it was. */
export interface RigPorts {
  hub: number;
  mqtt: number;
  agentHttp: number;
  /** One for each sink. */
  sinksHttp: readonly number[];
  links: Readonly<Record<LinkName, number>>;
}

export async function pickRigPorts(random: Random): Promise<RigPorts> {
  const [hub = 0, mqtt = 0, agentHttp = 0, devices = 0, uplink = 0, feed = 0, ...sinksHttp] =
    await pickFreePorts(8, random);
  return { hub, mqtt, agentHttp, sinksHttp, links: { devices, uplink, feed } };
}
