/** Names by which receivers know a notice, and what belongs together. Pure. */
import { createHash } from "node:crypto";
import type { Notice } from "../alarms/contract.ts";
import { escaped } from "../alarms/state-key.ts";

/**
 * The same for every repeat of a notice, and for no other: 32 hexadecimal digits, so that it fits
 * into any header, whatever the notice's own id holds.
 */
export function noticeId({ id }: Pick<Notice, "id">): string {
  return digest(id);
}

/** The same for all that is told of one time that an alarm was active. */
export function incidentId({ key, since }: Pick<Notice, "key" | "since">): string {
  return digest(JSON.stringify([key, since]));
}

/** It tells of a group or a flood, or of its end, and not of a single alarm. */
export function isOfSeveral({ key, device, tag, rule, kind }: Notice): boolean {
  if (kind === "group" || kind === "flood") return true;
  return kind !== "test" && !key.endsWith([device, tag, rule].map(escaped).join("/"));
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
