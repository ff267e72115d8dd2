/**
 * Topic rules, compiled. `{device}`, `{tag}` and `+` stand for one level each, a `#` at the end for
 * the rest, none included. The first rule that matches counts.
 */

import { createDecoder } from "#agent/sources/payload/create-decoder.ts";
import type { MessageDecoder } from "#agent/sources/payload/rows.ts";
import type { TopicRule } from "#config/gateway/mqtt.ts";
import { PenstockError } from "#core/errors.ts";

export interface CompiledRule {
  readonly levels: readonly string[];
  readonly hasRest: boolean;
  readonly deviceLevel: number;
  readonly tagLevel: number;
  readonly device: string | undefined;
  readonly tag: string | undefined;
  readonly decoder: MessageDecoder;
}

export interface TopicMatch {
  rule: CompiledRule;
  device: string;
  tag: string | undefined;
}

const DEVICE = "{device}";
const TAG = "{tag}";

/** @throws PenstockError CONFIG_INVALID */
export function compileRule(rule: TopicRule): CompiledRule {
  const levels = rule.topic.split("/");
  const hasRest = levels.at(-1) === "#";
  if (hasRest) levels.pop();
  const deviceLevel = levels.indexOf(DEVICE);
  if (deviceLevel < 0 && rule.device === undefined) {
    throw new PenstockError("CONFIG_INVALID", `topic "${rule.topic}": nothing names the device`);
  }
  return {
    levels: levels.map((level) => (level === DEVICE || level === TAG ? "+" : level)),
    hasRest,
    deviceLevel,
    tagLevel: levels.indexOf(TAG),
    device: rule.device,
    tag: rule.tag,
    decoder: createDecoder(rule),
  };
}

/** What to subscribe to in order to get all that the rule matches. */
export function filterOf(rule: TopicRule): string {
  return rule.topic.replaceAll(DEVICE, "+").replaceAll(TAG, "+");
}

export function matchTopic(rules: readonly CompiledRule[], topic: string): TopicMatch | undefined {
  const levels = topic.split("/");
  const rule = rules.find((candidate) => matches(candidate, levels));
  if (!rule) return undefined;
  const device = levels[rule.deviceLevel] ?? rule.device;
  if (device === undefined) return undefined;
  return { rule, device, tag: levels[rule.tagLevel] ?? rule.tag };
}

function matches(rule: CompiledRule, levels: readonly string[]): boolean {
  const wanted = rule.levels;
  if (rule.hasRest ? levels.length < wanted.length : levels.length !== wanted.length) return false;
  return wanted.every((level, i) => level === "+" || level === levels[i]);
}
