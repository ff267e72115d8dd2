/** Values of a running agent as they come: what is newer than what its reader has seen. */
import type { AgentView, ValueRow } from "#agent/http/contract.ts";
import type { Clock } from "#core/clock.ts";
import { isAbort } from "#core/errors.ts";
import type { ControlRoutes } from "./control-server.ts";

const LOOK_EVERY_MS = 200;

export function tailRoute(view: AgentView, clock: Clock): ControlRoutes {
  return {
    "GET /tail": ({ query, signal }) => ({
      kind: "lines",
      items: newValues(view, query.get("device") ?? "", clock, signal),
    }),
  };
}

/** Ends when the reader is gone. */
async function* newValues(
  { values }: AgentView,
  device: string,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<ValueRow> {
  const seen: number[] = [];
  while (!signal.aborted) {
    for (let place = 0; place < values.size; place++) {
      const row = values.at(place);
      if (!row || row.ts === null || (device !== "" && row.device !== device)) continue;
      if (seen[place] === row.ts) continue;
      seen[place] = row.ts;
      yield row;
    }
    try {
      await clock.sleep(LOOK_EVERY_MS, { name: "tail", signal });
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }
}
