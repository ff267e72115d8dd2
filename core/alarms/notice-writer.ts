/**
 * Makes the notices. Their ids follow from the transitions, so that a notice which is made again
 * after a crash is recognised as the same.
 */
import type { AlarmState, Notice } from "./contract.ts";
import type { AlarmFacts } from "./facts.ts";
import { groupId } from "./group-id.ts";
import { mostUrgent } from "./priority.ts";
import { escaped } from "./state-key.ts";
import { groupEndTitle, groupTitle, type Scope, titleOf } from "./wording.ts";

const RELATED_MAX = 10;

const GROUP = "group";
const FLOOD = "flood";

export class NoticeWriter {
  readonly #facts: AlarmFacts;

  constructor(facts: AlarmFacts) {
    this.#facts = facts;
  }

  /** What alarms of one rule have in common, and so may be told together. */
  scopeOf({ gateway, raised }: AlarmState): Scope {
    const { bus, line, site } = this.#facts.siteOf(gateway, raised.device);
    const name = bus ?? line ?? site ?? this.#facts.gatewayName(gateway);
    return { name, isBus: bus !== undefined };
  }

  raised(state: AlarmState, nowMs: number): Notice {
    return this.#ofOne(state, "raised", idOf("raised", state), nowMs);
  }

  /** `as`: key of the notice that told of it first. */
  reminder(state: AlarmState, as: string, nowMs: number): Notice {
    const notice = this.#ofOne(state, "raised", idOf("reminder", state, nowMs), nowMs);
    return { ...notice, key: as, kind: "reminder", title: `Still unacknowledged: ${notice.title}` };
  }

  /** Key of the notice that tells of these together; the first of them names it. */
  groupKey(first: AlarmState): string {
    const { rule } = first.raised;
    return [GROUP, rule, this.scopeOf(first).name].map(escaped).concat(raiseOf(first)).join("/");
  }

  group(key: string, members: readonly [AlarmState, ...AlarmState[]], nowMs: number): Notice {
    const title = groupTitle(members, this.scopeOf(members[0]));
    return this.#ofMany(key, GROUP, title, members, nowMs);
  }

  floodKey(first: AlarmState): string {
    return `${FLOOD}/${raiseOf(first)}`;
  }

  flood(key: string, members: readonly [AlarmState, ...AlarmState[]], nowMs: number): Notice {
    const [first] = members;
    const title = `Flood of alarms: ${members.length} more, the first: ${titleOf(first, "raised")}`;
    return this.#ofMany(key, FLOOD, title, members, nowMs);
  }

  /** The end, or the acknowledgement, of what was told under `as`; `last` was the last of it. */
  ending(as: string, last: AlarmState, kind: "cleared" | "acknowledged", nowMs: number): Notice {
    const own = this.#ofOne(last, kind, idOf(kind, last), nowMs);
    if (as === last.key) return own;
    const title = this.#endTitle(as, last);
    const marked = kind === "cleared" ? `Over: ${title}` : `Acknowledged: ${title}`;
    return { ...own, id: `${kind}/${as}`, key: as, title: marked };
  }

  #endTitle(as: string, last: AlarmState): string {
    if (as.startsWith(`${FLOOD}/`)) return "flood of alarms";
    return groupEndTitle(last.raised.rule, this.scopeOf(last));
  }

  #ofMany(
    key: string,
    kind: "group" | "flood",
    title: string,
    members: readonly [AlarmState, ...AlarmState[]],
    nowMs: number,
  ): Notice {
    const notice = this.#ofOne(members[0], "raised", key, nowMs);
    const acknowledge = this.#facts.acknowledgeWith(groupId(key));
    return {
      ...notice,
      ...(acknowledge !== undefined && { acknowledge }),
      key,
      kind,
      title,
      priority: mostUrgent(members.map(({ raised }) => raised.priority)),
      members: members.map((member) => member.key),
      count: members.length,
    };
  }

  #ofOne(
    state: AlarmState,
    kind: "raised" | "cleared" | "acknowledged",
    id: string,
    nowMs: number,
  ): Notice {
    const { gateway, raised, key } = state;
    const { device, tag, rule, priority, value, expected, message } = raised;
    const { site } = this.#facts.siteOf(gateway, device);
    const unit = raised.unit ?? this.#facts.unitOf(gateway, device, tag);
    const related = this.#facts.relatedTo(gateway, device, tag).slice(0, RELATED_MAX);
    const { action, runbook } = this.#facts.adviceOf(gateway, raised);
    const acknowledge = kind === "raised" ? this.#facts.acknowledgeWith(key) : undefined;
    return {
      id,
      key,
      kind,
      at: nowMs,
      priority,
      title: titleOf(state, kind),
      gateway: this.#facts.gatewayName(gateway),
      ...(site !== undefined && { site }),
      device,
      tag,
      rule,
      ...(unit !== undefined && { unit }),
      value,
      expected,
      message,
      since: raised.since ?? state.activeSince,
      ...(raised.points && { points: raised.points }),
      ...(related.length > 0 && { related }),
      ...(action !== undefined && { action }),
      ...(runbook !== undefined && { runbook }),
      ...(acknowledge !== undefined && { acknowledge }),
    };
  }
}

/** The raise itself, of all gateways. */
function raiseOf({ gateway, raised }: AlarmState): string {
  return gateway === "" ? raised.id : `${escaped(gateway)}/${raised.id}`;
}

function idOf(kind: Notice["kind"], state: AlarmState, place?: number): string {
  const id = `${kind}/${raiseOf(state)}`;
  return place === undefined ? id : `${id}/${place}`;
}
