/**
 * The gateway's alarms: what the detectors and the gateway's own parts raise, and what people do to
 * it. Each change happens in memory at once, is written in one transaction with the notices that it
 * leads to, and is told when that is safe, or when the disk fails: a disk that fails keeps no alarm
 * from anybody.
 */

import { type AlarmTransition, movedTo } from "#core/alarm.ts";
import { AlarmBoard } from "#core/alarms/alarm-board.ts";
import type {
  AlarmEffects,
  AlarmState,
  AlarmStore,
  AlarmWrite,
  JournalEntry,
  JournalQuery,
  KeptAlarms,
  Maintenance,
  Notice,
  OutboxEntry,
} from "#core/alarms/contract.ts";
import type { AlarmFacts } from "#core/alarms/facts.ts";
import { causesFirst } from "#core/alarms/inhibition.ts";
import { isPossible } from "#core/alarms/operations.ts";
import type { AlarmPolicy } from "#core/alarms/policy.ts";
import { type Nearest, selectAlarms } from "#core/alarms/selection.ts";
import { type AlarmPlace, stateKey } from "#core/alarms/state-key.ts";
import type { Clock, Timer } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import type {
  AlarmAction,
  AlarmCounts,
  AlarmsDesk,
  LocalAlarms,
  MaintenanceAction,
  Taken,
} from "./contract.ts";
import { RECENT_MAX, RecentJournal } from "./recent-journal.ts";
import { type IsWatched, SETTLING_MS, Settlement } from "./settlement.ts";

/** Who tells people. */
export interface Telling {
  /** To be written in one transaction with what the notices tell of. */
  entriesFor(notices: readonly Notice[], nowMs: number): OutboxEntry[];
  /** After they are safe. */
  offer(entries: readonly OutboxEntry[]): void;
  /** What stands has changed. */
  refresh(): void;
}

export interface AlarmDeskOptions {
  store: AlarmStore;
  policy: AlarmPolicy;
  facts: AlarmFacts;
  nearest: Nearest;
  isWatched: IsWatched;
  /** Maintenance begins or ends: `isMaintained` answers otherwise. */
  onMaintenance: () => void;
  /** An alarm of the gateway's own that ends: to be taken in, and passed on, like any other. */
  onAlarm: (transition: AlarmTransition) => void;
  clock: Clock;
  log: Logger;
}

/** Wall clocks step, and timers do not: what is due is looked for this often at least. */
const TICK_MS_MAX = 60_000;

/** What the buffer was given before, it has stored. */
const LAST_MS = 60_000;

const NOTHING_KEPT: KeptAlarms = { states: [], maintenance: [], outbox: [], lastJournalId: 0 };
const NOBODY: Telling = { entriesFor: () => [], offer: () => {}, refresh: () => {} };

export class AlarmDesk implements LocalAlarms, AlarmsDesk {
  readonly #options: AlarmDeskOptions;
  readonly #recent = new RecentJournal();
  readonly #log: RateLimitedLog;
  #board: AlarmBoard;
  #last: readonly AlarmTransition[] = [];
  #settlement = new Settlement([]);
  #telling = NOBODY;
  /** What was offered and has not arrived. */
  readonly #outbox = new Map<string, OutboxEntry>();
  #listed: readonly AlarmState[] | undefined;
  #timer: Timer | undefined;
  #settling: Timer | undefined;
  #raised = 0;
  #isOpen = false;

  constructor(options: AlarmDeskOptions) {
    this.#options = options;
    this.#board = new AlarmBoard(options.policy, NOTHING_KEPT, options.facts);
    this.#log = new RateLimitedLog(options.log, options.clock);
  }

  /** What was kept is known from then on. */
  async load(): Promise<void> {
    const { store, policy, facts } = this.#options;
    const kept = await store.load();
    this.#board = new AlarmBoard(policy, kept, facts);
    this.#settlement = new Settlement(kept.states);
    this.#listed = undefined;
    for (const entry of kept.outbox) this.#outbox.set(entry.id, entry);
    try {
      this.#recent.add((await store.journal({ limit: RECENT_MAX })).toReversed());
    } catch (error) {
      this.#log.warn("journal", { err: messageOf(error) }, "the journal cannot be read");
    }
    this.#last = this.#recent.transitionsOfLast(LAST_MS);
  }

  /** Transitions of the last minute before the process before this one ended, in their order. */
  lastTransitions(): readonly AlarmTransition[] {
    return this.#last;
  }

  /** What is still to be told, by this process or the next. */
  outbox(): readonly OutboxEntry[] {
    return [...this.#outbox.values()];
  }

  /** Begins to tell, first of what a process that ended had not told of. */
  start(telling: Telling): void {
    const { clock, onAlarm, isWatched } = this.#options;
    this.#isOpen = true;
    this.tellThrough(telling);
    this.#tick();
    this.#settling = clock.every("alarms of before", SETTLING_MS, () => {
      const ended = this.#settlement.look(isWatched, clock.now());
      if (this.#settlement.isDone) this.#settling?.cancel();
      for (const transition of ended) onAlarm(transition);
    });
  }

  tellThrough(telling: Telling): void {
    this.#telling = telling;
  }

  /** Other choices of the plant, or other facts. */
  reconfigure(policy: AlarmPolicy): void {
    this.#board.reconfigure(policy);
    this.#arm();
  }

  /** From now on nothing is taken in or told: what ends with the program is not over. */
  stop(): void {
    this.#isOpen = false;
    this.#timer?.cancel();
    this.#settling?.cancel();
  }

  isActive(place: AlarmPlace): boolean {
    return this.#board.isActive("", place);
  }

  active(): readonly AlarmTransition[] {
    return this.states().flatMap(({ isActive, raised }) => (isActive ? [raised] : []));
  }

  take(transitions: readonly AlarmTransition[]): Taken {
    if (!this.#isOpen) return { taken: transitions, news: [], kept: Promise.resolve() };
    const nowMs = this.#options.clock.now();
    const counted = new Map<AlarmTransition, AlarmTransition>();
    const news = new Set<AlarmTransition>();
    const writes: Promise<void>[] = [];
    for (const found of causesFirst(transitions)) {
      const transition = this.#inTime(found);
      counted.set(found, transition);
      const wasActive = this.isActive(transition);
      this.#settlement.heard(stateKey("", transition));
      writes.push(this.#keep(this.#board.take(transition, "", nowMs)));
      const isActive = this.isActive(transition);
      if (isActive !== wasActive) news.add(transition);
      if (isActive && !wasActive) this.#raised += 1;
    }
    const taken = transitions.map((found) => counted.get(found) ?? found);
    const inOrder = taken.filter((transition) => news.has(transition));
    return { taken, news: inOrder, kept: Promise.all(writes) };
  }

  /** What ends, or comes again, does so after it began, or ended: also by a clock that was set back. */
  #inTime(transition: AlarmTransition): AlarmTransition {
    const changesIt = this.isActive(transition) !== (transition.state === "active");
    const before = changesIt ? this.#board.changedAt("", transition) : undefined;
    if (before === undefined || transition.ts > before) return transition;
    return movedTo(transition, before + 1);
  }

  states(): readonly AlarmState[] {
    this.#listed ??= this.#board.states();
    return this.#listed;
  }

  /** How many alarms, since the start, had to go because the list was full. */
  get takenOff(): number {
    return this.#board.takenOff;
  }

  maintenance(): readonly Maintenance[] {
    return this.#board.maintenance();
  }

  /** Whether somebody works on the device now. */
  isMaintained(device: string): boolean {
    return this.#board.isMaintained("", device, this.#options.clock.now());
  }

  recent(limit: number): readonly JournalEntry[] {
    return this.#recent.newest(limit);
  }

  async journal(query: JournalQuery): Promise<readonly JournalEntry[]> {
    return await this.#options.store.journal(query);
  }

  async act(action: AlarmAction): Promise<readonly AlarmState[]> {
    const { kind, select, by, note, forMs = 0 } = action;
    const selected = selectAlarms(this.states(), select, this.#options.nearest);
    const possible = selected.filter((state) => isPossible(kind, state));
    const keys = (possible.length > 0 ? possible : selected).map(({ key }) => key);
    const nowMs = this.#options.clock.now();
    const whom = { keys, by, note };
    await this.#keep(
      kind === "shelve"
        ? this.#board.operate({ kind, ...whom, until: nowMs + forMs }, nowMs)
        : this.#board.operate({ kind, ...whom }, nowMs),
    );
    const concerned = new Set(keys);
    return this.states().filter(({ key }) => concerned.has(key));
  }

  async beginMaintenance(action: MaintenanceAction): Promise<Maintenance> {
    const { devices, forMs, by, note } = action;
    const at = this.#options.clock.now();
    const id = `m-${at.toString(36)}`;
    const window = { id, devices: [...devices], from: at, until: at + forMs, by, note, at };
    await this.#keep(this.#board.operate({ kind: "begin-maintenance", window }, at));
    return window;
  }

  async endMaintenance(id: string, by: string, note: string): Promise<void> {
    const nowMs = this.#options.clock.now();
    await this.#keep(this.#board.operate({ kind: "end-maintenance", id, by, note }, nowMs));
  }

  counts(): AlarmCounts {
    const states = this.states();
    const count = (is: (state: AlarmState) => boolean): number => states.filter(is).length;
    return {
      active: count(({ isActive }) => isActive),
      unacknowledged: count(({ isAcknowledged }) => !isAcknowledged),
      shelved: count(({ shelved }) => shelved !== undefined),
      suppressed: count(({ suppressedBy }) => suppressedBy !== undefined),
      raised: this.#raised,
    };
  }

  /** What became of notices. @throws PenstockError ALARMS_FAILED */
  async commitOutbox(
    write: Pick<AlarmWrite, "outbox" | "outboxDone"> & {
      readonly journal: readonly Omit<JournalEntry, "id">[];
    },
  ): Promise<void> {
    const journal = write.journal.map((entry) => ({ id: this.#board.nextJournalId(), ...entry }));
    this.#recent.add(journal);
    for (const entry of write.outbox ?? []) this.#outbox.set(entry.id, entry);
    for (const id of write.outboxDone ?? []) this.#outbox.delete(id);
    await this.#options.store.commit({ ...write, journal });
  }

  /** Never rejects: where it cannot be written, it is told all the same. */
  async #keep({ write, notices }: AlarmEffects): Promise<void> {
    this.#listed = undefined;
    this.#arm();
    const outbox = this.#telling.entriesFor(notices, this.#options.clock.now());
    this.#recent.add(write.journal ?? []);
    if (write.maintenance?.length || write.maintenanceEnded?.length) this.#options.onMaintenance();
    this.#telling.refresh();
    try {
      await this.#options.store.commit({ ...write, outbox });
    } catch (error) {
      this.#log.warn("commit", { err: messageOf(error) }, "alarms are told, and not kept");
    }
    for (const entry of outbox) this.#outbox.set(entry.id, entry);
    this.#telling.offer(outbox);
  }

  #tick(): void {
    void this.#keep(this.#board.tick(this.#options.clock.now()));
  }

  #arm(): void {
    this.#timer?.cancel();
    if (!this.#isOpen) return;
    const { clock } = this.#options;
    const dueInMs = (this.#board.dueAt ?? Number.POSITIVE_INFINITY) - clock.now();
    const delayMs = Math.max(1, Math.min(dueInMs, TICK_MS_MAX));
    this.#timer = clock.after("alarms", delayMs, () => this.#tick());
  }
}
