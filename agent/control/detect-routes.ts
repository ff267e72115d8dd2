/** What a command may ask of the running agent's detectors, and tell them. */

import { z } from "zod";
import type { DetectorsView } from "#agent/http/contract.ts";
import { PenstockError } from "#core/errors.ts";
import { BadRequest } from "#core/http/server.ts";
import type { ControlRoutes } from "./control-server.ts";

export interface DetectorDesk extends DetectorsView {
  /** Gives how many series that concerned. */
  relearn(device: string, tag?: string): number;
  /** Gives the value that counts as usual now; undefined where there is none. */
  accept(device: string, tag: string, value?: number): number | undefined;
}

const series = z.strictObject({ device: z.string(), tag: z.string().optional() });
const accepted = z.strictObject({
  device: z.string(),
  tag: z.string(),
  value: z.number().optional(),
});

export function detectRoutes(desk: DetectorDesk): ControlRoutes {
  return {
    "GET /detectors": ({ query }) => ({
      kind: "json",
      body: desk.rows(query.get("device") ?? undefined, query.get("tag") ?? undefined),
    }),
    "POST /detectors/relearn": ({ body }) => {
      const { device, tag } = parsed(series, body);
      const count = desk.relearn(device, tag);
      if (count === 0) throw unknown(device, tag);
      return { kind: "json", body: { series: count } };
    },
    "POST /detectors/accept": ({ body }) => {
      const { device, tag, value } = parsed(accepted, body);
      const usual = desk.accept(device, tag, value);
      if (usual === undefined) throw unknown(device, tag);
      return { kind: "json", body: { value: usual } };
    },
  };
}

function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new BadRequest("no series: a device, and a tag");
}

function unknown(device: string, tag: string | undefined): PenstockError {
  const what = tag === undefined ? device : `${device}/${tag}`;
  const message = `the running agent has had no number of ${what} yet`;
  return new PenstockError("CONTROL_FAILED", message, { context: { device, tag } });
}
