/**
 * Keeps the alarms on disk. Group commit: what is committed while a write is being synced goes into
 * the next one. A write that fails is repeated on a database opened anew, together with all that
 * came meanwhile; until then each commit rejects, so that nobody waits for a disk that is gone.
 */
import {
  type AlarmState,
  type AlarmStore,
  type AlarmWrite,
  alarmState,
  type JournalEntry,
  type JournalQuery,
  journalEntry,
  type KeptAlarms,
  type Maintenance,
  maintenance,
  type OutboxEntry,
  outboxEntry,
} from "#core/alarms/contract.ts";
import { backOff } from "#core/back-off.ts";
import type { Clock } from "#core/clock.ts";
import { isAbort, messageOf, PenstockError } from "#core/errors.ts";
import type { Logger } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import { AlarmDatabase, type Changes, type ReadRecords } from "./alarm-database.ts";
import { encodeRecord, journalKey } from "./record.ts";

export interface LevelAlarmStoreOptions {
  folder: string;
  clock: Clock;
  random: Random;
  log: Logger;
  /** How many entries of the journal are kept. */
  journalMax?: number;
}

export interface AlarmStoreStatus {
  readonly state: "ok" | "failing";
  /** Writes that failed since the start. */
  readonly failures: number;
  /** Records that wait to be written, or deleted. */
  readonly waiting: number;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: PenstockError) => void;
}

const JOURNAL_MAX = 10_000;
const REOPEN_SCHEDULE = { firstMs: 200, maxMs: 5000 };
const NOTHING_READ: ReadRecords = { kept: new Map(), firstJournalId: 0, lastJournalId: 0 };

export class LevelAlarmStore implements AlarmStore {
  readonly #options: LevelAlarmStoreOptions;
  readonly #database: AlarmDatabase;
  readonly #stopping = new AbortController();
  /** What the next write is to change. */
  #pending = new Map<string, string | undefined>();
  /** Keys that may be on disk: what never got there needs no deleting, however long the disk fails. */
  readonly #onDisk = new Set<string>();
  #waiters: Waiter[] = [];
  #running: Promise<void> | undefined;
  #failure: PenstockError | undefined;
  #failures = 0;
  /** It could not be read at the start, so what it holds is not known to anybody. */
  #isUnread = false;
  /** The oldest entry of the journal that may be on disk. */
  #firstJournalId = 1;

  constructor(options: LevelAlarmStoreOptions) {
    this.#options = options;
    this.#database = new AlarmDatabase(options.folder, options.log);
  }

  get status(): AlarmStoreStatus {
    const state = this.#failure ? "failing" : "ok";
    return { state, failures: this.#failures, waiting: this.#pending.size };
  }

  /** Why nothing can be written at present. */
  get failure(): PenstockError | undefined {
    return this.#failure;
  }

  /** A damaged database lies beside this one, for somebody to look at. */
  async hasDamaged(): Promise<boolean> {
    return await this.#database.hasDamaged();
  }

  /** Opens the database. Where that fails, the agent begins without what was kept, and says so. */
  async load(): Promise<KeptAlarms> {
    let read = NOTHING_READ;
    try {
      read = await this.#database.open();
    } catch (error) {
      this.#isUnread = true;
      this.#failed(error);
      this.#kick();
    }
    this.#firstJournalId = Math.max(1, read.firstJournalId);
    for (const key of read.kept.keys()) this.#onDisk.add(key);
    for (let id = this.#firstJournalId; id <= read.lastJournalId; id++) {
      this.#onDisk.add(journalKey(id));
    }
    return this.#keptOf(read);
  }

  commit(write: AlarmWrite): Promise<void> {
    if (!this.#add(write)) return Promise.resolve();
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#kick();
    });
  }

  async journal({ before, limit, key }: JournalQuery): Promise<readonly JournalEntry[]> {
    const found: JournalEntry[] = [];
    try {
      for await (const value of this.#database.journal(before ?? Number.POSITIVE_INFINITY)) {
        if (found.length >= limit) break;
        const entry = journalEntry.safeParse(value);
        if (entry.success && (key === undefined || entry.data.key === key)) found.push(entry.data);
      }
      return found;
    } catch (cause) {
      throw failureOf("the journal of the alarms cannot be read", cause);
    }
  }

  /** Writes what there is, unless that keeps failing. */
  async stop(): Promise<void> {
    if (this.#failure) this.#stopping.abort();
    await this.#running;
    this.#stopping.abort();
    await this.#database.close();
  }

  /** False for a write that changes nothing. */
  #add(write: AlarmWrite): boolean {
    const pending = this.#pending;
    const put = (key: string, value: unknown): unknown => pending.set(key, encodeRecord(value));
    const remove = (key: string): void => this.#remove(key);
    const sizeBefore = pending.size;
    for (const state of write.states ?? []) put(`s/${state.key}`, state);
    for (const key of write.forgotten ?? []) remove(`s/${key}`);
    for (const window of write.maintenance ?? []) put(`m/${window.id}`, window);
    for (const id of write.maintenanceEnded ?? []) remove(`m/${id}`);
    for (const entry of write.outbox ?? []) put(`o/${entry.id}`, entry);
    for (const id of write.outboxDone ?? []) remove(`o/${id}`);
    for (const entry of write.journal ?? []) {
      put(journalKey(entry.id), entry);
      this.#trimJournal(entry.id);
    }
    return pending.size > 0 || sizeBefore > 0;
  }

  #trimJournal(newestId: number): void {
    const { journalMax = JOURNAL_MAX } = this.#options;
    for (; newestId - this.#firstJournalId >= journalMax; this.#firstJournalId++) {
      this.#remove(journalKey(this.#firstJournalId));
    }
  }

  #remove(key: string): void {
    if (this.#onDisk.has(key)) this.#pending.set(key, undefined);
    else this.#pending.delete(key);
  }

  #kick(): void {
    this.#running ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    // What else is committed within this turn goes along.
    await Promise.resolve();
    const delays = backOff(REOPEN_SCHEDULE, this.#options.random);
    while (this.#pending.size > 0 || this.#waiters.length > 0 || this.#failure) {
      if (this.#stopping.signal.aborted) break;
      if (this.#failure && !(await this.#reopen(delays.next().value))) continue;
      await this.#write();
    }
    // Within this turn, so that a commit after the last look begins anew.
    this.#running = undefined;
  }

  async #write(): Promise<void> {
    const changes = this.#pending;
    const waiters = this.#waiters;
    this.#pending = new Map();
    this.#waiters = [];
    // Also of a write that fails, nobody knows what it has left.
    for (const [key, value] of changes) if (value !== undefined) this.#onDisk.add(key);
    try {
      if (changes.size > 0) await this.#database.write(changes);
      for (const [key, value] of changes) if (value === undefined) this.#onDisk.delete(key);
      this.#recovered();
      for (const { resolve } of waiters) resolve();
    } catch (error) {
      this.#putBack(changes);
      const failure = this.#failed(error);
      for (const { reject } of waiters.concat(this.#waiters.splice(0))) reject(failure);
    }
  }

  /** What came since is newer. */
  #putBack(changes: Changes): void {
    this.#pending = new Map([...changes, ...this.#pending]);
  }

  /** False where that did not succeed, or is not wanted any more. */
  async #reopen(delayMs: number): Promise<boolean> {
    const { clock, log } = this.#options;
    try {
      await clock.sleep(delayMs, { name: "alarms reopen", signal: this.#stopping.signal });
      if (this.#isUnread) {
        await this.#database.beginAnew("it could not be read when the agent started");
        this.#isUnread = false;
      } else {
        await this.#database.reopen();
      }
      await this.#forgetUnwritten();
      return true;
    } catch (error) {
      if (!isAbort(error)) log.warn({ err: messageOf(error) }, "the alarms could not be reopened");
      return false;
    }
  }

  /** After a failed write: what is to be deleted, and is not there. */
  async #forgetUnwritten(): Promise<void> {
    const deleted = [...this.#pending].flatMap(([key, value]) => (value === undefined ? key : []));
    const kept = await this.#database.which(deleted);
    for (const key of deleted) {
      // Something may have been put there again meanwhile.
      if (kept.has(key) || this.#pending.get(key) !== undefined) continue;
      this.#pending.delete(key);
      this.#onDisk.delete(key);
    }
  }

  #failed(cause: unknown): PenstockError {
    this.#failures += 1;
    const failure = failureOf("the alarms cannot be kept", cause);
    if (!this.#failure) this.#options.log.error({ err: failure }, "the alarms cannot be kept");
    this.#failure = failure;
    return failure;
  }

  #recovered(): void {
    if (!this.#failure) return;
    this.#failure = undefined;
    this.#options.log.info("the alarms can be kept again");
  }

  #keptOf({ kept, lastJournalId }: ReadRecords): KeptAlarms {
    const states: AlarmState[] = [];
    const windows: Maintenance[] = [];
    const outbox: OutboxEntry[] = [];
    for (const [key, value] of kept) {
      const isTaken =
        taken(states, alarmState.safeParse(value), key.startsWith("s/")) ||
        taken(windows, maintenance.safeParse(value), key.startsWith("m/")) ||
        taken(outbox, outboxEntry.safeParse(value), key.startsWith("o/"));
      if (!isTaken) this.#options.log.warn({ key }, "an alarm was kept by another version");
    }
    return { states, maintenance: windows, outbox, lastJournalId };
  }
}

function taken<T>(list: T[], parsed: { success: boolean; data?: T }, isOfKind: boolean): boolean {
  if (!isOfKind || !parsed.success || parsed.data === undefined) return false;
  list.push(parsed.data);
  return true;
}

function failureOf(message: string, cause: unknown): PenstockError {
  return new PenstockError("ALARMS_FAILED", `${message}: ${messageOf(cause)}`, { cause });
}
