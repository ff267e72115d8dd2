/** What a command may see of the alarms, and do to them. */
import { z } from "zod";
import type { AlarmsDesk } from "#agent/alarms/contract.ts";
import { BadRequest } from "#core/http/server.ts";
import type { ControlRoutes } from "./control-server.ts";

const RECENT = 1000;
const JOURNAL_MAX = 10_000;

const whom = { by: z.string().min(1).max(128), note: z.string().max(1000) };
const forMs = z.number().min(1);
const names = z.array(z.string().min(1).max(1000)).min(1).max(100);

const action = z.strictObject({
  kind: z.enum(["acknowledge", "reset", "shelve", "unshelve", "out-of-service", "in-service"]),
  select: names,
  ...whom,
  forMs: forMs.optional(),
});

const begin = z.strictObject({ devices: names, forMs, ...whom });
const end = z.strictObject({ id: z.string().min(1).max(64), ...whom });

export function alarmRoutes(desk: AlarmsDesk): ControlRoutes {
  return {
    "GET /alarms": () => ({
      kind: "json",
      body: {
        active: desk.active(),
        states: desk.states(),
        maintenance: desk.maintenance(),
        journal: desk.recent(RECENT),
      },
    }),
    "GET /alarms/journal": async ({ query }) => ({
      kind: "json",
      body: await desk.journal({
        limit: Math.min(wholeIn(query, "limit") ?? RECENT, JOURNAL_MAX),
        before: wholeIn(query, "before"),
        key: query.get("key") ?? undefined,
      }),
    }),
    "POST /alarms/act": async ({ body }) => ({
      kind: "json",
      body: await desk.act(parsed(action, body)),
    }),
    "POST /maintenance/begin": async ({ body }) => ({
      kind: "json",
      body: await desk.beginMaintenance(parsed(begin, body)),
    }),
    "POST /maintenance/end": async ({ body }) => {
      const { id, by, note } = parsed(end, body);
      await desk.endMaintenance(id, by, note);
      return { kind: "json", body: { id } };
    },
  };
}

function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new BadRequest(result.error.issues.map(({ message }) => message).join("; "));
}

function wholeIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new BadRequest(`${name} is a whole number from 1`);
}
