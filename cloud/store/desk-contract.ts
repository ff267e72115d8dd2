/**
 * What the alarm desk keeps in the sink's database. A database has one desk: whichever sink process
 * holds its lease takes transitions in, judges rules and notifies people, and the others stand by.
 *
 * - Every write of the desk is one transaction that checks the lease: who no longer holds it writes
 *   nothing, however late it wakes up.
 * - Transitions are numbered in the order in which they were committed, so whoever goes on after the
 *   cursor passes none over. What lies behind the cursor stays, up to a bound (`alarm-bounds.ts`);
 *   what has to go beyond it is counted.
 * - Anyone may read, and may ask for an operation: it is done by the desk, or, soon enough, by nobody.
 */
import type {
  AlarmOperation,
  AlarmState,
  AlarmWrite,
  JournalEntry,
  JournalQuery,
  KeptAlarms,
  Maintenance,
} from "#core/alarms/contract.ts";
import type { ErrorCode } from "#core/errors.ts";
import type { AlarmRow } from "./alarm-row.ts";

export interface DeskLease {
  /** Never used by another process, nor by another life of this one. */
  readonly owner: string;
  /** Counts up with each change of hands. */
  readonly term: number;
}

/** What a rule has to remember, in a form of its own. */
export interface KeptMemory {
  readonly key: string;
  readonly text: string;
}

export interface KeptDesk extends KeptAlarms {
  /** Serial of the last transition that was taken in. */
  readonly cursor: number;
  readonly memory: readonly KeptMemory[];
}

export interface NumberedAlarm {
  readonly serial: number;
  readonly alarm: AlarmRow;
}

/** An operation that somebody asks for. */
export interface AlarmRequest {
  readonly id: number;
  readonly operation: AlarmOperation;
}

/** What became of it: `error` is a message for a person, with its code. */
export type RequestAnswer =
  | { readonly kind: "done" }
  | { readonly kind: "refused"; readonly code: ErrorCode; readonly error: string };

/** How far a gateway has come. */
export interface GatewayMark {
  readonly gateway: string;
  /** When the hub took its newest event that is no backlog; milliseconds since 1970. */
  readonly seenAtMs: number;
  /** The least of its lanes that are not idle; undefined when all are. */
  readonly watermarkMs: number | undefined;
  /** Of its lane that has come furthest: the time of its newest reading. Below 0 before the first. */
  readonly newestMs: number;
}

/** How one sink process has fared in the last minute. */
export interface SinkReport {
  /** Of the process. */
  readonly name: string;
  /** From a reading's time to its being visible, of live data; 0 where none came. */
  readonly latencyP99Ms: number;
  readonly readings: number;
}

export interface DeskWrite {
  readonly alarms?: AlarmWrite;
  /** Serial of the last transition that is taken in with this write. */
  readonly cursor?: number;
  /** Transitions of the desk's own rules: they are numbered, and come back like any other. */
  readonly raised?: readonly AlarmRow[];
  readonly memory?: readonly KeptMemory[];
  readonly forgottenMemory?: readonly string[];
  readonly answers?: readonly { readonly id: number; readonly answer: RequestAnswer }[];
}

/** For the API and for commands, also while no desk is held. */
export interface AlarmAccess {
  /** All that are kept; some may have become normal again. */
  states(): Promise<readonly AlarmState[]>;
  maintenance(): Promise<readonly Maintenance[]>;
  /** Newest first. */
  journal(query: JournalQuery): Promise<readonly JournalEntry[]>;
  /** How many notices are on their way, and how many transitions wait to be taken in. */
  backlog(): Promise<{ notices: number; transitions: number }>;
  /** @returns the request's id. One that is not taken up within `REQUEST_VALID_MS` is void. */
  ask(operation: AlarmOperation): Promise<number>;
  /** Undefined while it waits. */
  answerOf(id: number): Promise<RequestAnswer | undefined>;
  /** Forgets a request, answered or not. */
  withdraw(id: number): Promise<void>;
}

export interface DeskStore extends AlarmAccess {
  /**
   * Takes the lease, or prolongs it: undefined while another one holds it. It ends `ttlMs` from now
   * by the database's clock, and no later than its holder is known to be dead.
   */
  claim(owner: string, ttlMs: number): Promise<DeskLease | undefined>;
  /** Gives it up, if it is still held. */
  release(lease: DeskLease): Promise<void>;
  load(): Promise<KeptDesk>;
  /**
   * Writes all of it, or nothing: false when the lease is someone else's.
   * @throws PenstockError STORE_FAILED: nothing was written, and it may be tried again
   */
  commit(lease: DeskLease, write: DeskWrite): Promise<boolean>;
  /** In the order of their serials. */
  transitionsAfter(serial: number, limit: number): Promise<readonly NumberedAlarm[]>;
  /** How many transitions, since the database was made, had to go before they were taken in. */
  givenUp(): Promise<number>;
  /** Those that are not void, oldest first. */
  requests(limit: number): Promise<readonly AlarmRequest[]>;
  /** Of all gateways there ever were. Lanes not seen since the given time are idle. */
  gateways(idleBeforeMs: number): Promise<readonly GatewayMark[]>;
  /** Replaces the last one of the same name. */
  report(report: SinkReport): Promise<void>;
  /** Those that are not older than `REPORT_VALID_MS`. */
  reports(): Promise<readonly SinkReport[]>;
}

/** An operation that nobody does for so long must not be done any more: the person has gone on. */
export const REQUEST_VALID_MS = 30_000;
export const REPORT_VALID_MS = 150_000;
/** Entries of the alarms' journal that are kept. */
export const ALARM_JOURNAL_MAX = 100_000;
