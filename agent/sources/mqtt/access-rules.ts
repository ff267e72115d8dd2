/**
 * Who may publish and subscribe where: pure. Rights are filters; `{user}` in one stands for the name
 * of the user who asks. Topics that begin with `$`, and the gateway's own, are nobody's to publish on.
 */
import { filterMatches } from "./topic-filter.ts";
import { isTopic } from "./topic-names.ts";

/** What a user may do. Without users in the configuration everybody has `undefined`. */
export interface Rights {
  readonly name: string;
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

const USER = "{user}";

/** Why this topic is not to be published on; undefined where it is. */
export function publishDenial(
  rights: Rights | undefined,
  topic: string,
  ownTopics: readonly string[],
): string | undefined {
  if (!isTopic(topic)) return "the topic is too long, or no text";
  if (topic.startsWith("$")) return "topics that begin with $ are the broker's";
  if (ownTopics.some((own) => topic === own || topic.startsWith(`${own}/`))) {
    return "the topic is the gateway's own";
  }
  if (!rights) return undefined;
  const levels = topic.split("/");
  const isAllowed = rights.publish.some((right) => filterMatches(levelsOf(right, rights), levels));
  return isAllowed ? undefined : `user ${rights.name} may not publish on this topic`;
}

/** Why this filter is not to be subscribed to; undefined where it is. */
export function subscribeDenial(rights: Rights | undefined, filter: string): string | undefined {
  if (!isTopic(filter)) return "the filter is too long, or no text";
  if (filter.startsWith("$")) return "topics that begin with $ are the broker's";
  const levels = filter.split("/");
  if (rights) {
    const isAllowed = rights.subscribe.some((right) => covers(levelsOf(right, rights), levels));
    return isAllowed ? undefined : `user ${rights.name} may not subscribe to this filter`;
  }
  const [first] = levels;
  const isWide = first === "#" || first === "+";
  return isWide ? "a stranger may not subscribe to everything" : undefined;
}

/** True when the right matches every topic that the filter matches. */
function covers(right: readonly string[], filter: readonly string[]): boolean {
  for (let i = 0; i < right.length; i++) {
    const level = right[i];
    if (level === "#") return true;
    const wanted = filter[i];
    if (wanted === undefined || wanted === "#") return false;
    if (level !== "+" && level !== wanted) return false;
  }
  return right.length === filter.length;
}

function levelsOf(right: string, rights: Rights): string[] {
  return right.split("/").map((level) => (level === USER ? rights.name : level));
}
