/** What a command may ask of the agent as a whole. */
import type { AgentView, ValueRow } from "#agent/http/contract.ts";
import type { ControlRoutes } from "./control-server.ts";

export function statusRoutes(
  view: AgentView,
  configuration: () => Readonly<Record<string, string>>,
): ControlRoutes {
  return {
    "GET /config": () => ({ kind: "json", body: configuration() }),
    "GET /status": () => ({
      kind: "json",
      body: { ...view.status(), problems: view.problems() },
    }),
    "GET /values": ({ query }) => ({
      kind: "json",
      body: valuesOf(view, query.get("device")),
    }),
  };
}

/** The newest values of a device, or of all. */
function valuesOf({ values }: AgentView, device: string | null): ValueRow[] {
  const rows: ValueRow[] = [];
  for (let place = 0; place < values.size; place++) {
    const row = values.at(place);
    if (row && (device === null || row.device === device)) rows.push(row);
  }
  return rows;
}
