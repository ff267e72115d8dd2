/**
 * Decides how people are told: at once, together with others like it, in the summary of a flood, or
 * not while somebody works on the device.
 */
import type { AlarmPriority } from "../alarm.ts";
import { stepOf, wantsNotice } from "./alarm-machine.ts";
import type { AlarmTable } from "./alarm-table.ts";
import type { AlarmState } from "./contract.ts";
import type { EffectsDraft } from "./effects-draft.ts";
import type { AlarmFacts } from "./facts.ts";
import { FloodGate, type SummaryPace } from "./flood-gate.ts";
import { Gathering } from "./gathering.ts";
import { matchesAnyGlob } from "./glob.ts";
import type { MaintenanceBook } from "./maintenance-book.ts";
import { NoticeWriter } from "./notice-writer.ts";
import type { AlarmPolicy } from "./policy.ts";
import { isUrgent, mostUrgent } from "./priority.ts";

const PACE: SummaryPace = { firstMs: 30_000, nextMs: (windowMs) => windowMs };
/** Long enough for most of a flood to come in, and no longer. */
const URGENT_PACE: SummaryPace = {
  firstMs: 5000,
  nextMs: (windowMs) => Math.min(60_000, windowMs),
};

export class AlarmTeller {
  readonly #table: AlarmTable;
  readonly #maintenance: MaintenanceBook;
  readonly #writer: NoticeWriter;
  readonly #gathering = new Gathering();
  /**
   * By priority of what is told: what is only worth knowing must not use up what the others are
   * allowed, nor a flood of high ones hide a critical one. The most urgent first.
   */
  readonly #gates: Readonly<Record<AlarmPriority, FloodGate>> = {
    critical: new FloodGate(URGENT_PACE),
    high: new FloodGate(URGENT_PACE),
    medium: new FloodGate(PACE),
    low: new FloodGate(PACE),
  };
  #policy: AlarmPolicy;

  constructor(
    table: AlarmTable,
    maintenance: MaintenanceBook,
    facts: AlarmFacts,
    policy: AlarmPolicy,
  ) {
    this.#table = table;
    this.#maintenance = maintenance;
    this.#writer = new NoticeWriter(facts);
    this.#policy = policy;
  }

  reconfigure(policy: AlarmPolicy): void {
    this.#policy = policy;
  }

  get dueAt(): number {
    const gates = Object.values(this.#gates).map(({ dueAt }) => dueAt);
    return Math.min(this.#gathering.dueAt, ...gates);
  }

  /** People should hear of it now. */
  mayTell(draft: EffectsDraft, key: string): boolean {
    return this.#waiting(draft, key) !== undefined;
  }

  /** Tells of it when it wants that; or lets it wait for others. */
  offer(draft: EffectsDraft, key: string): void {
    const state = this.#waiting(draft, key);
    if (state) this.#offer(draft, state, this.#policy.group.waitMs);
  }

  /** What explained it has ended, so it may be about to end as well. */
  offerAfterCause(draft: EffectsDraft, key: string): void {
    const state = this.#waiting(draft, key);
    if (state) this.#offer(draft, state, this.#policy.group.settleMs);
  }

  /** Tells what has waited long enough. */
  tellDue(draft: EffectsDraft): void {
    for (const keys of this.#gathering.takeDue(draft.nowMs)) this.#tellGroup(draft, keys);
    for (const gate of Object.values(this.#gates)) {
      this.#tellFlood(draft, gate.takeDue(draft.nowMs));
    }
  }

  /** It has begun to come and go. Where all do so, as on a bus with a loose plug, that is a flood. */
  offerChatter(draft: EffectsDraft, key: string): void {
    const state = this.#table.get(key);
    if (state) this.#tellUnlessFlooded(draft, [state]);
  }

  /** The end, or the acknowledgement, of what people were told of. */
  tellEnd(draft: EffectsDraft, before: AlarmState, after: AlarmState): void {
    const as = before.notified?.as;
    if (!before.isNotified || as === undefined) return;
    const hasEnded = !after.isNotified && !after.isActive;
    if (hasEnded && !this.#table.isOfToldAs(as, () => true)) {
      draft.notices.push(this.#writer.ending(as, after, "cleared", draft.nowMs));
    }
    const isTakenOn = after.isActive && after.isAcknowledged && !before.isAcknowledged;
    if (isTakenOn && !this.#table.isOfToldAs(as, ({ isAcknowledged }) => !isAcknowledged)) {
      draft.notices.push(this.#writer.ending(as, after, "acknowledged", draft.nowMs));
    }
  }

  /** The time for which somebody put it off is over, and nobody has dealt with it. */
  remindOf(draft: EffectsDraft, key: string): void {
    const state = this.#table.get(key);
    if (!state?.notified || !this.#isStillOwed(state)) return;
    if (this.#isMaintained(draft, state)) return;
    draft.notices.push(this.#writer.reminder(state, state.notified.as, draft.nowMs));
  }

  /** People know of it, it stands, and nobody has taken it on; nor does anything hold it back. */
  #isStillOwed(state: AlarmState): boolean {
    const { isNotified, notified, raised } = state;
    if (!isNotified || notified?.raise !== raised.id) return false;
    return wantsNotice({ ...state, notified: undefined });
  }

  #tellOf(draft: EffectsDraft, state: AlarmState): void {
    draft.notices.push(this.#writer.raised(state, draft.nowMs));
    this.#mark(draft, state, state.key);
  }

  #waiting(draft: EffectsDraft, key: string): AlarmState | undefined {
    const state = this.#table.get(key);
    if (!state || !wantsNotice(state)) return undefined;
    return this.#isMaintained(draft, state) ? undefined : state;
  }

  /** One that comes and goes is meant whether it is there or not at the moment. */
  #waitingInFlood(draft: EffectsDraft, key: string): AlarmState | undefined {
    const state = this.#table.get(key);
    if (!state?.isChattering) return this.#waiting(draft, key);
    const wants = wantsNotice({ ...state, isActive: true, isChattering: false });
    return wants && !this.#isMaintained(draft, state) ? state : undefined;
  }

  #isMaintained({ nowMs }: EffectsDraft, { gateway, raised }: AlarmState): boolean {
    return this.#maintenance.covers(gateway, raised.device, nowMs);
  }

  #offer(draft: EffectsDraft, state: AlarmState, waitMs: number): void {
    const { rule, priority } = state.raised;
    const { group } = this.#policy;
    if (priority === "critical" || !matchesAnyGlob(group.rules, rule)) {
      this.#tellUnlessFlooded(draft, [state]);
      return;
    }
    const scope = JSON.stringify([state.gateway, rule, this.#writer.scopeOf(state).name]);
    this.#gathering.add(scope, state.key, draft.nowMs, waitMs);
  }

  #tellGroup(draft: EffectsDraft, keys: readonly string[]): void {
    const members = keys.flatMap((key) => this.#waiting(draft, key) ?? []);
    this.#tellUnlessFlooded(draft, members);
  }

  #tellUnlessFlooded(draft: EffectsDraft, members: readonly AlarmState[]): void {
    const [first, ...others] = members;
    if (!first) return;
    const { flood } = this.#policy;
    const priority = mostUrgent(members.map(({ raised }) => raised.priority));
    const limits = isUrgent(priority) ? { ...flood, notices: flood.urgent } : flood;
    const gate = this.#gates[priority];
    if (!gate.admits(limits, draft.nowMs)) {
      for (const { key } of members) gate.hold(key, limits, draft.nowMs);
      return;
    }
    // Whoever is told of what is urgent can follow less of the rest.
    if (isUrgent(priority)) this.#gates.medium.count(flood, draft.nowMs);
    if (others.length === 0) {
      this.#tellOf(draft, first);
    } else {
      const key = this.#writer.groupKey(first);
      draft.notices.push(this.#writer.group(key, [first, ...others], draft.nowMs));
      for (const member of members) this.#mark(draft, member, key);
    }
  }

  #tellFlood(draft: EffectsDraft, keys: readonly string[]): void {
    const [first, ...others] = keys.flatMap((key) => this.#waitingInFlood(draft, key) ?? []);
    if (!first) return;
    if (others.length === 0) return this.#tellOf(draft, first);
    const key = this.#writer.floodKey(first);
    draft.notices.push(this.#writer.flood(key, [first, ...others], draft.nowMs));
    for (const member of [first, ...others]) this.#mark(draft, member, key);
  }

  #mark(draft: EffectsDraft, state: AlarmState, as: string): void {
    const step = stepOf(state, { kind: "notify", as, at: draft.nowMs });
    if (step.kind !== "changed") return;
    this.#table.put(step.state);
    draft.put(step.state);
  }
}
