/** Matching of subscriptions' filters, as MQTT 3.1.1, section 4.7, has it. */

/** A filter, cut into its levels once. */
export type FilterLevels = readonly string[];

/** A filter that begins with a wildcard matches no topic that begins with `$` [MQTT-4.7.2-1]. */
export function filterMatches(filter: FilterLevels, topic: readonly string[]): boolean {
  const [first] = filter;
  if ((first === "#" || first === "+") && topic[0]?.startsWith("$")) return false;
  for (let i = 0; i < filter.length; i++) {
    const level = filter[i];
    if (level === "#") return true;
    if (i >= topic.length || (level !== "+" && level !== topic[i])) return false;
  }
  return filter.length === topic.length;
}
