/** What a sink's file must fulfil beyond the shape of each of its parts: its rules. */

import { isOwnDevice, isOwnGateway } from "#core/own-names.ts";
import { SINK_WAYS } from "../alarms/alarm-recipients.ts";
import { ABSENTEES, AGGREGATES, type Comparison, parseComparison } from "../sink/alarm-rules.ts";
import { SINK_ALARM_SETTINGS } from "../sink/alarms.ts";
import { mappingOf, numberOf, type RawMapping, textOf } from "../yaml/raw.ts";
import type { Outline, Path, Problem } from "../yaml/yaml-tree.ts";
import { checkRecipients } from "./recipient-checks.ts";

/** Rules of alarms that come from elsewhere: two alarms of one name would be taken for one. */
const TAKEN = new Set(
  `gap copy-differs two-epochs sequence-jump transitions-lost alarms-full notification-failing latency backlog errors retention
  limit-hh limit-h limit-l limit-ll rate stuck stale drift counter anomaly group silent dead noisy`
    .trim()
    .split(/\s+/),
);

export function checkSink(data: unknown, outline: Outline): Problem[] {
  const alarms = mappingOf(mappingOf(data)["alarms"]);
  const rules: readonly unknown[] = Array.isArray(alarms["rules"]) ? alarms["rules"] : [];
  const mappings = rules.map(mappingOf);
  return [
    ...checkRecipients(alarms, { ways: SINK_WAYS, others: SINK_ALARM_SETTINGS, outline }),
    ...checkNames(mappings, outline),
    ...mappings.flatMap((rule, at) => checkRule(["alarms", "rules", at], rule)),
  ];
}

function checkNames(rules: readonly RawMapping[], outline: Outline): Problem[] {
  const owners = new Map<string, number>();
  return rules.flatMap((rule, at): Problem[] => {
    const name = textOf(rule["name"])?.trim();
    if (name === undefined) return [];
    const path = ["alarms", "rules", at, "name"];
    const owner = owners.get(name);
    owners.set(name, owner ?? at);
    if (owner !== undefined) {
      const place = outline.placeOf(["alarms", "rules", owner, "name"]);
      const message = `there is a rule "${name}" already (${place})`;
      return [{ path, on: "value", message, suggestion: "give each rule a name of its own" }];
    }
    if (!TAKEN.has(name)) return [];
    const message = `name: "${name}" is the name of a rule that Penstock brings along`;
    return [{ path, on: "value", message, suggestion: "say more, such as oven too hot" }];
  });
}

function checkRule(path: Path, rule: RawMapping): Problem[] {
  const misplaced = checkDevice(path, rule);
  if (misplaced.length > 0) return misplaced;
  if ("absent" in rule) return checkAbsence(path, rule);
  if (!("over" in rule)) return [];
  return [...checkOneOf(path, rule, AGGREGATES, "compares"), ...checkClearing(path, rule)];
}

/** A rule on what has no readings would never be broken, and nobody would notice. */
function checkDevice(path: Path, rule: RawMapping): Problem[] {
  return ["device", "series"].flatMap((key): Problem[] => {
    const [gateway = "", device = ""] = textOf(rule[key])?.split("/") ?? [];
    if (!isOwnDevice(device) && !isOwnGateway(gateway)) return [];
    const message = `${key}: no readings come of ${isOwnDevice(device) ? device : gateway}`;
    const suggestion = `name a device, or miss the whole gateway: { gateway: "${isOwnGateway(gateway) ? "*" : gateway}", absent: 90s }`;
    return [{ path: [...path, key], on: "value", message, suggestion }];
  });
}

function checkAbsence(path: Path, rule: RawMapping): Problem[] {
  return checkOneOf(path, rule, ABSENTEES, "watches");
}

function checkOneOf(
  path: Path,
  rule: RawMapping,
  keys: readonly string[],
  does: string,
): Problem[] {
  const [first, second] = keys.filter((key) => key in rule);
  if (first === undefined) {
    const message = `the rule ${does} nothing`;
    const suggestion = `give it one of these: ${keys.join(", ")}`;
    return [{ path: [...path, "name"], on: "value", message, suggestion }];
  }
  if (second === undefined) return [];
  const message = `the rule ${does} ${first} and ${second}`;
  const suggestion = "leave one of them out, or make two rules of it";
  return [{ path: [...path, second], on: "key", message, suggestion }];
}

/** An alarm that cannot clear, or clears where it is raised, is worse than none. */
function checkClearing(path: Path, rule: RawMapping): Problem[] {
  const written = textOf(rule["clear"]);
  if (written === undefined) return [];
  if (numberOf(rule["deadband"]) !== undefined) {
    const suggestion = "leave one of them out: both say when it clears";
    const message = "a deadband beside clear";
    return [{ path: [...path, "deadband"], on: "key", message, suggestion }];
  }
  const raises = AGGREGATES.map((key) => textOf(rule[key])).find((text) => text !== undefined);
  const [raise, clear] = [parseComparison(raises ?? ""), parseComparison(written)];
  if (!raise || !clear || clearsBelow(raise, clear)) return [];
  const sign = raise.sign.startsWith(">") ? "<" : ">";
  const message = `clear: ${written} is not on the other side of ${raises}`;
  const suggestion = `write "${sign} ${raise.limit}", or a limit further away`;
  return [{ path: [...path, "clear"], on: "value", message, suggestion }];
}

function clearsBelow(raise: Comparison, clear: Comparison): boolean {
  const isHigh = raise.sign.startsWith(">");
  if (isHigh === clear.sign.startsWith(">")) return false;
  if (raise.limit === clear.limit) return raise.sign.length + clear.sign.length < 4;
  return isHigh ? clear.limit < raise.limit : clear.limit > raise.limit;
}
