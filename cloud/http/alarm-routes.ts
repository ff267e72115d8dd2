/** `/api/alarms`: how the alarms stand, what happened to them, and the transitions behind it. */
import { isNormal } from "#core/alarms/alarm-machine.ts";
import type { AlarmState } from "#core/alarms/contract.ts";
import { inOrderOfUrgency } from "#core/alarms/listing.ts";
import { BadRequest, type HttpReply, type HttpRequest, type HttpRoute } from "#core/http/server.ts";
import type { Store } from "../store/contract.ts";
import { limitOf, numberOf } from "./query.ts";

const STATES: Readonly<Record<string, (state: AlarmState) => boolean>> = {
  active: ({ isActive }) => isActive,
  cleared: ({ isActive }) => !isActive,
  acknowledged: ({ isAcknowledged }) => isAcknowledged,
  unacknowledged: ({ isAcknowledged }) => !isAcknowledged,
  shelved: ({ shelved }) => shelved !== undefined,
  suppressed: ({ suppressedBy }) => suppressedBy !== undefined,
  "out-of-service": ({ outOfService }) => outOfService !== undefined,
};

const PRIORITIES = ["low", "medium", "high", "critical"];

export function alarmRoutes(store: Store): Record<string, HttpRoute> {
  return {
    "/api/alarms": (request) => statesReply(store, request),
    "/api/alarms/journal": async ({ query }) => {
      const before = numberOf(query, "before", Number.MAX_SAFE_INTEGER);
      const key = query.get("key") ?? undefined;
      return json(await store.desk.journal({ before, key, limit: limitOf(query) }));
    },
    "/api/alarms/maintenance": async () => json(await store.desk.maintenance()),
    "/api/alarms/transitions": async ({ query }) => json(await store.alarms(limitOf(query))),
  };
}

/** Those that somebody should look at, the most urgent first. */
async function statesReply(store: Store, { query }: HttpRequest): Promise<HttpReply> {
  const wanted = filterOf(query);
  const states = (await store.desk.states()).filter((state) => !isNormal(state) && wanted(state));
  return json(inOrderOfUrgency(states).slice(0, limitOf(query)));
}

function filterOf(query: URLSearchParams): (state: AlarmState) => boolean {
  const gateway = query.get("gateway");
  const device = query.get("device");
  const priority = oneOf(query, "priority", PRIORITIES);
  const state = oneOf(query, "state", Object.keys(STATES));
  return (alarm) =>
    (gateway === null || alarm.gateway === gateway) &&
    (device === null || alarm.raised.device === device) &&
    (priority === null || alarm.raised.priority === priority) &&
    (state === null || STATES[state]?.(alarm) === true);
}

function oneOf(query: URLSearchParams, name: string, values: readonly string[]): string | null {
  const value = query.get(name);
  if (value === null || values.includes(value)) return value;
  throw new BadRequest(`${name} is one of ${values.join(", ")}`);
}

function json(body: unknown): HttpReply {
  return { kind: "json", body };
}
