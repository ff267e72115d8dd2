/** What notices say in their one line. */
import type { AlarmState } from "./contract.ts";

export interface Scope {
  /** What the members have in common: `bus rs485-a`, `line packing`. */
  readonly name: string;
  readonly isBus: boolean;
}

/** Of one alarm that stands, or has ended. */
export function titleOf(state: AlarmState, kind: "raised" | "cleared" | "acknowledged"): string {
  const { message } = state.raised;
  const sentence = message.endsWith(".") ? message.slice(0, -1) : message;
  if (kind === "cleared") return `Over: ${sentence}`;
  if (kind === "acknowledged") {
    return `Acknowledged by ${state.acknowledged?.by ?? "somebody"}: ${sentence}`;
  }
  if (!state.isChattering) return sentence;
  return `Comes and goes, and is told again when it has calmed down: ${sentence}`;
}

/** `7 devices silent on rs485-a: adapter gone?` */
export function groupTitle(members: readonly AlarmState[], scope: Scope): string {
  const rule = members[0]?.raised.rule ?? "";
  const devices = new Set(members.map(({ raised }) => raised.device));
  const [onlyDevice] = devices;
  const isOneDevice = devices.size === 1 && onlyDevice !== undefined;
  const subject = isOneDevice ? `${members.length} tags` : `${devices.size} devices`;
  const place = isOneDevice ? ` of ${onlyDevice}` : ` on ${scope.name}`;
  const guess = rule === "silent" && scope.isBus ? ": adapter gone?" : "";
  return `${subject} ${predicateOf(rule)}${place}${guess}`;
}

/** What a group was called, when its members are no longer at hand. */
export function groupEndTitle(rule: string, scope: Scope): string {
  return `several ${predicateOf(rule)} on ${scope.name}`;
}

/** As it stands after "is" or "are". */
function predicateOf(rule: string): string {
  switch (rule) {
    case "silent":
    case "stale":
    case "stuck":
      return rule;
    case "gap":
      return "with gaps";
    case "anomaly":
      return "out of the ordinary";
    case "drift":
      return "drifting";
    case "group":
      return "out of step";
    default:
      return `with ${rule}`;
  }
}
