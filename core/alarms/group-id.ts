/** What people call a notice that tells of several alarms, where they acknowledge these together. */
import { createHash } from "node:crypto";
import type { AlarmState } from "./contract.ts";

const FORM = /^(group|flood)-[0-9a-f]{12}$/;

/**
 * Short enough to be typed from a telephone; 48 bits, so that no two of those that stand are the same.
 * @param key of the notice
 */
export function groupId(key: string): string {
  const [kind = ""] = key.split("/");
  return `${kind}-${createHash("sha256").update(key).digest("hex").slice(0, 12)}`;
}

export function isGroupId(text: string): boolean {
  return FORM.test(text);
}

/**
 * Whether the notice of that id told of it, and of this time that it became active: one that has come
 * again since is told again.
 */
export function isMemberOf(id: string, { key, raised, notified }: AlarmState): boolean {
  if (!notified || notified.as === key || notified.raise !== raised.id) return false;
  return groupId(notified.as) === id;
}
