/** What a command may ask of the agent as a whole. */
import type { AgentView } from "#agent/http/contract.ts";
import type { ControlRoutes } from "./control-server.ts";

export function statusRoutes(view: AgentView): ControlRoutes {
  return {
    "GET /status": () => ({
      kind: "json",
      body: { ...view.status(), problems: view.problems() },
    }),
    "GET /alarms": () => ({
      kind: "json",
      body: { active: view.alarms.active(), journal: view.alarms.journal() },
    }),
  };
}
