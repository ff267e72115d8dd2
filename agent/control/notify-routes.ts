/** What a command may ask of those who are told of alarms. */
import { z } from "zod";
import { PenstockError } from "#core/errors.ts";
import { BadRequest } from "#core/http/server.ts";
import type { ChannelStatus, TestOutcome } from "#core/notify/notifications.ts";
import type { ControlRoutes } from "./control-server.ts";

/** The part of the agent's notifications that commands see. */
export interface NotifyDesk {
  status(): ChannelStatus[];
  test(recipient: string, signal: AbortSignal): Promise<TestOutcome[] | undefined>;
}

const testRequest = z.strictObject({ recipient: z.string() });

export function notifyRoutes(desk: NotifyDesk): ControlRoutes {
  return {
    "GET /notify": () => ({ kind: "json", body: desk.status() }),
    "POST /notify/test": async ({ body, signal }) => {
      const asked = testRequest.safeParse(body);
      if (!asked.success) throw new BadRequest("no test of a recipient");
      const { recipient } = asked.data;
      const outcomes = await desk.test(recipient, signal);
      if (outcomes) return { kind: "json", body: outcomes };
      const text = `the running agent knows no recipient "${recipient}": does it run with another file?`;
      throw new PenstockError("CONTROL_FAILED", text, { context: { recipient } });
    },
  };
}
