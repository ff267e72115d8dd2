/**
 * One term of the alarm desk: from the claim of its lease to its loss. What is in memory is the
 * database's state and what will be its next; when a write fails, or the lease is lost, the term
 * ends, and its memory with it. So nothing is taken in twice, and nothing is passed over.
 */
import { movedTo } from "#core/alarm.ts";
import type { AlarmModel, Notice, OutboxEntry } from "#core/alarms/contract.ts";
import { causesFirst } from "#core/alarms/inhibition.ts";
import { PenstockError } from "#core/errors.ts";
import type { AlarmRow } from "../store/alarm-row.ts";
import type {
  AlarmRequest,
  DeskLease,
  DeskStore,
  DeskWrite,
  NumberedAlarm,
  RequestAnswer,
} from "../store/desk-contract.ts";
import type { Judge } from "./judge.ts";
import { Verdict } from "./verdict.ts";
import { WriteDraft } from "./write-draft.ts";

/** Somebody else holds the lease. */
export class LeaseLost extends Error {}

const TRANSITIONS_PER_TURN = 500;
const REQUESTS_PER_TURN = 50;
/** A clock this far ahead of the hub's is wrong. */
const AHEAD_MS_MAX = 5 * 60_000;

/** Who tells people. */
export interface Teller {
  /** To whom the notices go: as entries of the outbox. */
  addressed(notices: readonly Notice[]): readonly OutboxEntry[];
  /** They are committed. */
  send(entries: readonly OutboxEntry[]): void;
}

export interface DeskTermOptions {
  readonly desk: DeskStore;
  readonly lease: DeskLease;
  readonly cursor: number;
  readonly board: AlarmModel;
  readonly judge: Judge;
  readonly teller: Teller;
  /** What notices need to know of the devices, before their alarms are taken in. */
  readonly learn: (alarms: readonly AlarmRow[]) => Promise<void>;
  /** Wall clock. */
  readonly nowMs: () => number;
}

export class DeskTerm {
  readonly #options: DeskTermOptions;
  #cursor: number;

  constructor(options: DeskTermOptions) {
    this.#options = options;
    this.#cursor = options.cursor;
  }

  /** @throws LeaseLost; PenstockError STORE_FAILED */
  async commit(write: DeskWrite): Promise<void> {
    const { desk, lease } = this.#options;
    if (!(await desk.commit(lease, write))) throw new LeaseLost();
  }

  /**
   * Takes in what is new, and does what was asked. True when there may be more.
   * @throws LeaseLost; PenstockError STORE_FAILED
   */
  async takeIn(): Promise<boolean> {
    const { desk, board, nowMs, teller, learn } = this.#options;
    const transitions = await desk.transitionsAfter(this.#cursor, TRANSITIONS_PER_TURN);
    const requests = await desk.requests(REQUESTS_PER_TURN);
    const isDue = board.dueAt !== undefined && board.dueAt <= nowMs();
    if (transitions.length === 0 && requests.length === 0 && !isDue) return false;
    const draft = new WriteDraft();
    const verdict = new Verdict();
    const alarms = inOrder(transitions);
    await learn(alarms);
    for (const alarm of alarms) this.#take(alarm, draft, verdict);
    const answers = requests.map((request) => ({
      id: request.id,
      answer: this.#operate(request, draft),
    }));
    if (isDue) draft.add(board.tick(nowMs()));
    const outbox = teller.addressed(draft.notices);
    draft.addOutbox(outbox);
    const cursor = transitions.at(-1)?.serial ?? this.#cursor;
    await this.commit({ ...verdict.write, alarms: draft.write, cursor, answers });
    this.#cursor = cursor;
    teller.send(outbox);
    return transitions.length === TRANSITIONS_PER_TURN || requests.length === REQUESTS_PER_TURN;
  }

  /**
   * Gives the transitions that came of it; they are in the database.
   * @throws LeaseLost; PenstockError STORE_FAILED
   */
  async judge(): Promise<readonly AlarmRow[]> {
    const verdict = await this.#options.judge.judge();
    if (!verdict.isEmpty) await this.commit(verdict.write);
    return verdict.raised;
  }

  #take(alarm: AlarmRow, draft: WriteDraft, verdict: Verdict): void {
    const { board, judge, nowMs } = this.#options;
    const { gateway, receivedAtMs: _receivedAtMs, isOwn = false, ...transition } = alarm;
    draft.add(board.take(transition, gateway, nowMs(), isOwn ? "arrival" : "time"));
    judge.events.note(alarm, nowMs(), verdict);
  }

  #operate({ operation }: AlarmRequest, draft: WriteDraft): RequestAnswer {
    try {
      draft.add(this.#options.board.operate(operation, this.#options.nowMs()));
      return { kind: "done" };
    } catch (error) {
      if (!(error instanceof PenstockError)) throw error;
      return { kind: "refused", code: error.code, error: error.message };
    }
  }
}

/**
 * Of what gateways report, live data and a backlog, the time of each decides. What the sink raises
 * itself comes as it was raised: by several sinks, whose clocks differ, and are set now and then.
 */
function inOrder(transitions: readonly NumberedAlarm[]): readonly AlarmRow[] {
  const alarms = transitions.map(({ alarm }) => atItsTime(alarm));
  const reported = alarms.filter(({ isOwn }) => !isOwn);
  return [...causesFirst(reported), ...alarms.filter(({ isOwn }) => isOwn)];
}

/**
 * Of one alarm, what came late changes nothing. So what was told by a clock that was ahead stands at
 * the time when it came: else its end would be late, once the clock is set right.
 */
function atItsTime(alarm: AlarmRow): AlarmRow {
  const { ts, receivedAtMs } = alarm;
  return ts > receivedAtMs + AHEAD_MS_MAX ? { ...alarm, ...movedTo(alarm, receivedAtMs) } : alarm;
}
