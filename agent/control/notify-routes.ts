/** What a command may ask of those who are told of alarms. */
import { z } from "zod";
import type { JournalEntry } from "#core/alarms/contract.ts";
import { PenstockError } from "#core/errors.ts";
import { BadRequest } from "#core/http/server.ts";
import type { ChannelStatus, TestOutcome } from "#core/notify/notifications.ts";
import { toldInJournal } from "#core/notify/told-in-journal.ts";
import type { ControlRoutes } from "./control-server.ts";

/** The part of the agent's notifications that commands see. */
export interface NotifyDesk {
  status(): ChannelStatus[];
  test(recipient: string, signal: AbortSignal): Promise<TestOutcome[] | undefined>;
}

const testRequest = z.strictObject({ recipient: z.string() });

/** @param journal of the alarms, the newest first: it knows of the processes before, too */
export function notifyRoutes(
  desk: NotifyDesk,
  journal: () => readonly JournalEntry[],
): ControlRoutes {
  return {
    "GET /notify": () => {
      const entries = journal();
      const body = desk.status().map((channel) => remembered(channel, entries));
      return { kind: "json", body };
    },
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

/** What this process has not seen yet, an earlier one may have. */
function remembered(channel: ChannelStatus, journal: readonly JournalEntry[]): ChannelStatus {
  const { lastTold, lastGivenUp, reason } = toldInJournal(channel.address, journal);
  const hasFailed = channel.lastFailure !== null;
  return {
    ...channel,
    lastSuccess: channel.lastSuccess ?? lastTold,
    lastFailure: hasFailed ? channel.lastFailure : lastGivenUp,
    lastError: hasFailed ? channel.lastError : reason,
  };
}
