import { Agent } from "#agent/agent.ts";
import { AgentLife } from "#agent/commands/run/agent-life.ts";
import { loadGatewayFiles } from "#config/loading/load-config.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";

/** A whole agent in this process, as `run` makes it, from a file. */
export function makeLife(file: string): AgentLife {
  return new AgentLife({
    file,
    load: () => loadGatewayFiles(file),
    makeAgent: (settings, configuration) =>
      new Agent({
        settings,
        configuration,
        machineId: "test",
        boot: { id: "test", originMs: 0 },
        isClockSynced: async () => true,
        clock: systemClock,
        random: createRandom(1),
        log: silentLogger,
        resources: () => ({ cpuMs: 0, rssBytes: 0 }),
      }),
    clock: systemClock,
    log: silentLogger,
  });
}
