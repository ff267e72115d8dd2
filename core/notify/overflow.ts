/**
 * The one notice that stands for those for which a channel had no room: nothing that people have not
 * heard of goes without being counted to them. Pure.
 */
import type { Notice, OutboxEntry } from "../alarms/contract.ts";
import { mostUrgent, rankOf } from "../alarms/priority.ts";

const OVERFLOW = "overflow/";
const MEMBERS_MAX = 50;

export function isOverflow({ notice }: Pick<OutboxEntry, "notice">): boolean {
  return notice.key.startsWith(OVERFLOW);
}

/**
 * @param before what stands for others already
 * @param gone the notice that it stands for as well
 */
export function summedUp(before: OutboxEntry | undefined, gone: OutboxEntry): OutboxEntry {
  const { recipient } = gone;
  const notice = noticeOf(before?.notice, gone.notice);
  // What was held back for the night waits for its end together with the rest of it.
  const dueAt = Math.min(before?.dueAt ?? gone.dueAt, gone.dueAt);
  const id = `${notice.id} ${recipient}`;
  return { id, recipient, notice, attempts: before?.attempts ?? 0, dueAt };
}

function noticeOf(before: Notice | undefined, gone: Notice): Notice {
  // Of equally urgent ones the first says most.
  const worst = before && rankOf(before.priority) >= rankOf(gone.priority) ? before : gone;
  const key = before?.key ?? `${OVERFLOW}${gone.id}`;
  const count = (before?.count ?? 0) + 1;
  const { gateway, device, tag, rule, value, expected, message } = worst;
  const { site, unit, points, action, runbook } = worst;
  return {
    id: key,
    key,
    kind: "flood",
    at: before?.at ?? gone.at,
    priority: before ? mostUrgent([before.priority, gone.priority]) : gone.priority,
    title: `${count} notices in one, for too many waited; the most urgent: ${message}`,
    gateway,
    device,
    tag,
    rule,
    value,
    expected,
    message,
    since: Math.min(before?.since ?? gone.since, gone.since),
    ...(site !== undefined && { site }),
    ...(unit !== undefined && { unit }),
    ...(points && { points }),
    ...(action !== undefined && { action }),
    ...(runbook !== undefined && { runbook }),
    members: [...new Set([...(before?.members ?? []), gone.key])].slice(0, MEMBERS_MAX),
    count,
  };
}
