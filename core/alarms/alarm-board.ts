/**
 * All alarms together: takes transitions in, lets people act on them, and decides who is told what
 * and when. Pure: no clock and no I/O; the same calls lead to the same effects.
 *
 * - A transition that was taken in before changes nothing.
 * - Whoever became active, is not acknowledged and not held back, is told of exactly once for each
 *   raise: alone, in a group, or in the summary of a flood. What a kept state has not been told of
 *   is told by the first `tick` after a restart.
 * - A notice of an end follows where one of a beginning went out, and only there.
 */
import type { AlarmTransition } from "../alarm.ts";
import { type AlarmEvent, isNormal, stepOf, unknownAlarm, withSeen } from "./alarm-machine.ts";
import { AlarmTable } from "./alarm-table.ts";
import { AlarmTeller } from "./alarm-teller.ts";
import { AlarmTimes, isCalm } from "./alarm-times.ts";
import type {
  AlarmEffects,
  AlarmModel,
  AlarmOperation,
  AlarmState,
  KeptAlarms,
  Maintenance,
  TransitionOrder,
} from "./contract.ts";
import { EffectsDraft } from "./effects-draft.ts";
import type { AlarmFacts } from "./facts.ts";
import { matchesAnyGlob } from "./glob.ts";
import { causesOf, reachOf } from "./inhibition.ts";
import { inOrderOfUrgency } from "./listing.ts";
import { MaintenanceBook } from "./maintenance-book.ts";
import { eventsOf, isShelvingOver } from "./operations.ts";
import type { AlarmPolicy } from "./policy.ts";
import { type AlarmPlace, stateKey } from "./state-key.ts";

export class AlarmBoard implements AlarmModel {
  #policy: AlarmPolicy;
  readonly #facts: AlarmFacts;
  readonly #table: AlarmTable;
  readonly #maintenance: MaintenanceBook;
  readonly #teller: AlarmTeller;
  readonly #times = new AlarmTimes();
  #lastJournalId: number;
  #takenOff = 0;
  /** What was kept has not been looked at yet. */
  #isFresh = true;

  constructor(policy: AlarmPolicy, kept: KeptAlarms, facts: AlarmFacts) {
    this.#policy = policy;
    this.#facts = facts;
    this.#table = new AlarmTable(kept.states);
    this.#maintenance = new MaintenanceBook(kept.maintenance);
    this.#teller = new AlarmTeller(this.#table, this.#maintenance, facts, policy);
    this.#lastJournalId = kept.lastJournalId;
  }

  /** Other choices of the plant, or other facts: what is held back is looked at anew. */
  reconfigure(policy: AlarmPolicy): void {
    this.#policy = policy;
    this.#teller.reconfigure(policy);
    this.#isFresh = true;
  }

  /** For entries that others make, of deliveries: one journal has one count. */
  nextJournalId(): number {
    this.#lastJournalId += 1;
    return this.#lastJournalId;
  }

  take(
    transition: AlarmTransition,
    gateway: string,
    nowMs: number,
    order: TransitionOrder = "arrival",
  ): AlarmEffects {
    const draft = this.#draft(nowMs);
    const key = stateKey(gateway, transition);
    const known = this.#table.get(key);
    if (known?.seen.includes(transition.id)) return this.#finish(draft);
    if (!known) this.#makeRoom(draft);
    const state = known ?? unknownAlarm(key, gateway, transition);
    if (known && order === "time" && isLate(known, transition)) {
      this.#put(draft, { ...known, seen: withSeen(known, transition) });
      const kind = transition.state === "active" ? "raised" : "cleared";
      const note = "it came late, and changes nothing";
      draft.enter({ kind, key, gateway, alarm: transition, note });
    } else if (transition.state === "active") {
      const latches = matchesAnyGlob(this.#policy.latch, transition.rule);
      this.#apply(draft, state, { kind: "raise", transition, at: nowMs, latches }, { transition });
      this.#afterRaise(draft, key, state.isActive);
    } else {
      this.#apply(draft, state, { kind: "clear", transition }, { transition });
      if (state.isActive) this.#reconsiderReach(draft, state);
    }
    return this.#finish(draft);
  }

  operate(operation: AlarmOperation, nowMs: number): AlarmEffects {
    const draft = this.#draft(nowMs);
    if (operation.kind === "begin-maintenance") {
      this.#maintenance.begin(operation.window, nowMs);
      draft.begin(operation.window);
    } else if (operation.kind === "end-maintenance") {
      this.#endMaintenance(draft, this.#maintenance.end(operation.id), operation);
    } else {
      const { by, note } = operation;
      const events = eventsOf(operation, (key) => this.#listed(key), this.#policy, nowMs);
      for (const { state, event } of events) {
        this.#apply(draft, state, event, { by, ...(note !== "" && { note }) });
        this.#teller.offer(draft, state.key);
      }
    }
    return this.#finish(draft);
  }

  tick(nowMs: number): AlarmEffects {
    const draft = this.#draft(nowMs);
    const isFresh = this.#isFresh;
    this.#isFresh = false;
    this.#times.beginLook();
    for (const state of this.#table.all()) this.#passTime(draft, state);
    if (isFresh) for (const state of this.#table.all()) this.#reconsider(draft, state.key);
    for (const window of this.#maintenance.takeOver(nowMs)) {
      this.#endMaintenance(draft, window, { by: "", note: "its time is over" });
    }
    if (isFresh) for (const { key } of this.#table.all()) this.#teller.offer(draft, key);
    this.#teller.tellDue(draft);
    return this.#finish(draft);
  }

  get dueAt(): number | undefined {
    if (this.#isFresh) return 0;
    const due = Math.min(this.#times.dueAt, this.#teller.dueAt, this.#maintenance.dueAt);
    return due === Number.POSITIVE_INFINITY ? undefined : due;
  }

  states(): readonly AlarmState[] {
    return inOrderOfUrgency([...this.#table.all()].filter((state) => !isNormal(state)));
  }

  get takenOff(): number {
    return this.#takenOff;
  }

  maintenance(): readonly Maintenance[] {
    return this.#maintenance.list();
  }

  isActive(gateway: string, place: AlarmPlace): boolean {
    return this.#table.get(stateKey(gateway, place))?.isActive === true;
  }

  /** When it became what it is, by its own transitions' times; undefined where it is not known. */
  changedAt(gateway: string, place: AlarmPlace): number | undefined {
    const state = this.#table.get(stateKey(gateway, place));
    return state?.isActive ? state.raised.ts : state?.clearedAt;
  }

  /** Whether somebody works on the device now. */
  isMaintained(gateway: string, device: string, nowMs: number): boolean {
    return this.#maintenance.covers(gateway, device, nowMs);
  }

  #finish(draft: EffectsDraft): AlarmEffects {
    for (const state of draft.states()) this.#noteDue(state, draft.nowMs);
    return draft.effects();
  }

  #draft(nowMs: number): EffectsDraft {
    return new EffectsDraft(nowMs, () => this.nextJournalId());
  }

  #listed(key: string): AlarmState | undefined {
    const state = this.#table.get(key);
    return state && !isNormal(state) ? state : undefined;
  }

  #afterRaise(draft: EffectsDraft, key: string, wasActive: boolean): void {
    const state = this.#table.get(key);
    if (!state || wasActive) return;
    this.#reconsider(draft, key);
    this.#reconsiderReach(draft, state);
    const { raises, windowMs } = this.#policy.chatter;
    const recent = state.recentRaises?.filter((at) => draft.nowMs - at < windowMs) ?? [];
    if (recent.length >= raises && !state.isChattering) this.#beginChatter(draft, key);
    this.#teller.offer(draft, key);
  }

  /** One notice more, unless there is a flood of such, and then none until it is calm. */
  #beginChatter(draft: EffectsDraft, key: string): void {
    const isHeldBack = !this.#teller.mayTell(draft, key);
    this.#change(draft, key, { kind: "chatter" });
    if (!isHeldBack) this.#teller.offerChatter(draft, key);
  }

  #passTime(draft: EffectsDraft, state: AlarmState): void {
    const { key } = state;
    const { nowMs } = draft;
    if (state.shelved && isShelvingOver(state.shelved.until, this.#policy, nowMs)) {
      this.#change(draft, key, { kind: "unshelve" });
      this.#teller.remindOf(draft, key);
    }
    if (isCalm(state, this.#policy.chatter.calmMs, nowMs))
      this.#change(draft, key, { kind: "calm" });
    const now = this.#table.get(key);
    if (now && this.#times.isForgotten(now, nowMs)) {
      this.#remove(draft, now);
    } else if (now) {
      if (now !== state) this.#teller.offer(draft, key);
      this.#noteDue(now, nowMs);
    }
  }

  #noteDue(state: AlarmState, nowMs: number): void {
    this.#times.note(state, this.#policy.chatter.calmMs, nowMs);
  }

  /** Its cause may have come, or gone. */
  #reconsider(draft: EffectsDraft, key: string): void {
    const state = this.#table.get(key);
    if (!state?.isActive) return;
    const { bus } = this.#facts.siteOf(state.gateway, state.raised.device);
    const cause = causesOf(state.gateway, state.raised, bus).find(
      (candidate) => this.#table.get(candidate)?.isActive,
    );
    if (cause !== undefined) {
      this.#change(draft, key, { kind: "suppress", cause });
    } else if (state.suppressedBy !== undefined) {
      this.#change(draft, key, { kind: "unsuppress" });
      this.#teller.offerAfterCause(draft, key);
    }
  }

  #reconsiderReach(draft: EffectsDraft, { gateway, raised }: AlarmState): void {
    const reach = reachOf(raised);
    if (reach === "none") return;
    const reached =
      reach === "gateway"
        ? this.#table.ofGateway(gateway)
        : this.#table.ofDevice(gateway, raised.device);
    for (const { key } of reached) this.#reconsider(draft, key);
  }

  #endMaintenance(
    draft: EffectsDraft,
    window: Maintenance,
    whom: { by: string; note: string },
  ): void {
    draft.end(window, whom);
    for (const { key } of this.#table.all()) this.#teller.offer(draft, key);
  }

  #makeRoom(draft: EffectsDraft): void {
    for (const state of this.#table.surplus()) {
      if (!isNormal(state)) {
        const { key, gateway, raised: alarm } = state;
        draft.enter({ kind: "reset", key, gateway, alarm, note: "the list of alarms is full" });
        this.#takenOff += 1;
      }
      this.#remove(draft, state);
      if (state.isActive) this.#reconsiderReach(draft, state);
    }
  }

  #remove(draft: EffectsDraft, state: AlarmState): void {
    this.#table.remove(state);
    this.#times.drop(state.key);
    draft.forget(state.key);
  }

  #change(draft: EffectsDraft, key: string, event: AlarmEvent): void {
    const state = this.#table.get(key);
    if (state) this.#apply(draft, state, event, {});
  }

  #apply(
    draft: EffectsDraft,
    before: AlarmState,
    event: AlarmEvent,
    told: { transition?: AlarmTransition; by?: string; note?: string },
  ): void {
    const step = stepOf(before, event);
    if (step.kind !== "changed") return;
    this.#put(draft, step.state);
    const { transition: alarm = step.state.raised, ...whom } = told;
    const { key, gateway } = step.state;
    if (step.entry) draft.enter({ ...step.entry, key, gateway, alarm, ...whom });
    this.#teller.tellEnd(draft, before, step.state);
  }

  #put(draft: EffectsDraft, state: AlarmState): void {
    this.#table.put(state);
    draft.put(state);
    if (!isNormal(state)) this.#times.drop(state.key);
  }
}

/** Of one alarm's transitions, a backlog may bring the earlier one after the later one. */
function isLate({ isActive, raised, clearedAt }: AlarmState, { ts }: AlarmTransition): boolean {
  return ts < (isActive ? raised.ts : (clearedAt ?? raised.ts));
}
