/** An agent with a broker of its own, as commands meet it. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Agent } from "#agent/agent.ts";
import { machineId } from "#agent/commands/run/machine-id.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";

/** Writes the gateway's file; gives its path. */
export async function writeGateway(folder: string): Promise<string> {
  const file = join(folder, "gateway.yaml");
  await writeFile(
    file,
    `version: 1
gateway: hall-3
buffer: { path: ${join(folder, "buffer")}, minFreeDisk: 1MiB }
http: { listen: 127.0.0.1:0 }
mqtt:
  broker: { listen: 127.0.0.1:0 }
  topics: [{ topic: "plant/{device}" }]
`,
  );
  return file;
}

export async function startAgent(file: string): Promise<Agent> {
  const agent = new Agent({
    settings: loadGateway(file),
    machineId: machineId(),
    boot: { id: "boot-1", originMs: 0 },
    isClockSynced: async () => true,
    clock: systemClock,
    random: createRandom(1),
    log: silentLogger,
    resources: () => ({ cpuMs: 0, rssBytes: 0 }),
  });
  await agent.start();
  return agent;
}
