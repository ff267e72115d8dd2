/** The gateway's own page, kept: where its port is taken, the agent goes on without it and says so. */
import type { AlarmTransition } from "#core/alarm.ts";
import type { Clock } from "#core/clock.ts";
import type { Logger } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import { AgentApi } from "./http/agent-api.ts";
import type { AgentStatus, AgentView } from "./http/contract.ts";
import { KeptPart } from "./sources/kept-part.ts";

interface KeptPageOptions {
  listen: { readonly host: string; readonly port: number };
  view: AgentView;
  clock: Clock;
  random: Random;
  log: Logger;
  onAlarm: (transition: AlarmTransition) => void;
}

export function keepPage(options: KeptPageOptions): KeptPart<AgentApi> {
  const { listen, view, clock, random, log, onAlarm } = options;
  return new KeptPart({
    name: "page",
    make: () => new AgentApi({ ...listen, view, clock, log }),
    consequence: "Nobody can open the gateway's page",
    priority: "medium",
    clock,
    wallMs: () => clock.now(),
    random: random.fork("start of the page"),
    log,
    onAlarm,
  });
}

/** @param reason why it is stopped; undefined while it runs */
export function pageStateOf(reason: string | undefined): NonNullable<AgentStatus["page"]> {
  return reason === undefined ? { state: "running" } : { state: "stopped", detail: reason };
}
