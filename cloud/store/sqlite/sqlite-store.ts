/**
 * The embedded store: one process, one SQLite database.
 *
 * Invariants:
 * - The journal holds exactly the events whose readings are in the open windows (memory) and not in
 *   the rows: accepting adds to both, the end of a fold removes from both.
 * - Memory changes only after the transaction that it mirrors has committed.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "#core/clock.ts";
import { PenstockError } from "#core/errors.ts";
import type { Logger } from "#core/log.ts";
import type { RollupRow } from "../../rollup/row-json.ts";
import { ALARM_BOUNDS, type AlarmBounds } from "../alarm-bounds.ts";
import type {
  AcceptOutcome,
  AlarmRow,
  DeadLetter,
  DeadLetterFilter,
  DeviceRow,
  ExplainedGap,
  HubScope,
  Ownership,
  OwnershipClaim,
  ParkedEvent,
  PartitionBatch,
  PartitionPosition,
  RevivedEvent,
  ReviveOutcome,
  RollupQuery,
  SeqGap,
  Store,
  StoreState,
} from "../contract.ts";
import { laneName } from "../lane-state.ts";
import { gapsOf, watermarksOf } from "../lane-summary.ts";
import { Shards } from "../shard.ts";
import { addTotals, noTotals } from "../totals.ts";
import { AcceptTransaction, type JournalledEvent } from "./accept-transaction.ts";
import { inTransaction, openDatabase, reading } from "./database.ts";
import { SqliteDesk } from "./desk.ts";
import { Folder } from "./fold.ts";
import { FoldSchedule } from "./fold-schedule.ts";
import { LaneConflict } from "./lane-table.ts";
import { recover } from "./recover.ts";
import { RollupReader } from "./rollup-query.ts";
import { StoreLock } from "./store-lock.ts";
import { SqliteTables } from "./tables.ts";

export interface SqliteStoreOptions {
  folder: string;
  /** How long readings may wait in the journal for their fold. */
  foldEveryMs: number;
  clock: Clock;
  log: Logger;
  alarmBounds?: AlarmBounds;
}

const CONFLICTS_MAX = 5;
const PAGE_WINDOWS = 500;
const WINDOWS_PER_BREATH = 500;

interface OpenStore {
  db: DatabaseSync;
  tables: SqliteTables;
  folder: Folder;
  folds: FoldSchedule;
  reader: RollupReader;
  desk: SqliteDesk;
}

export class SqliteStore implements Store {
  readonly #options: SqliteStoreOptions;
  readonly #lock: StoreLock;
  readonly #shards = new Shards();
  #open: OpenStore | undefined;
  #commits = 0;
  #totals = noTotals();

  constructor(options: SqliteStoreOptions) {
    this.#options = options;
    this.#lock = new StoreLock(options.folder);
  }

  async start(): Promise<void> {
    const { clock, log } = this.#options;
    this.#lock.take();
    try {
      const db = openDatabase(this.#options.folder);
      const tables = new SqliteTables(db, this.#options.alarmBounds ?? ALARM_BOUNDS);
      tables.hubs.clearOwners();
      tables.lanes.load();
      for (const lane of tables.lanes.all()) tables.epochs.see(lane);
      const events = recover(tables, this.#shards, clock.monotonic());
      this.#totals = tables.totals.read();
      const reader = new RollupReader(db, tables.rollups, this.#shards);
      const folder = new Folder(db, tables, clock);
      const folds = new FoldSchedule({ ...this.#options, folder, shards: this.#shards });
      const desk = new SqliteDesk(db, tables.alarms);
      desk.clearOwner();
      this.#open = { db, tables, folder, folds, reader, desk };
      log.info(
        { folder: this.#options.folder, journalEvents: events, lanes: tables.lanes.size },
        "store opened",
      );
    } catch (error) {
      this.#lock.release();
      throw error;
    }
    this.#open.folds.start();
  }

  async stop(): Promise<void> {
    const open = this.#open;
    if (!open) return;
    open.folds.stop();
    try {
      await this.fold();
    } catch (error) {
      this.#options.log.warn(
        { err: error },
        "the last fold failed; the journal keeps the readings",
      );
    }
    this.#open = undefined;
    open.db.close();
    this.#lock.release();
  }

  get desk(): SqliteDesk {
    return this.#opened().desk;
  }

  async accept(batches: readonly PartitionBatch[]): Promise<readonly AcceptOutcome[]> {
    return this.#takingIn((transaction) => transaction.run(batches));
  }

  async revive(events: readonly RevivedEvent[]): Promise<readonly ReviveOutcome[]> {
    return this.#takingIn((transaction) => transaction.revive(events));
  }

  async #takingIn<T>(work: (transaction: AcceptTransaction) => T[]): Promise<readonly T[]> {
    await this.#opened().folds.makeRoom();
    for (let attempt = 0; attempt < CONFLICTS_MAX; attempt++) {
      const outcomes = this.#tryTakingIn(work);
      if (outcomes) return outcomes;
    }
    throw new PenstockError("STORE_FAILED", "another writer keeps changing the same lanes");
  }

  /** Undefined after a conflict: the lanes must be read anew. */
  #tryTakingIn<T>(work: (transaction: AcceptTransaction) => T[]): T[] | undefined {
    const { db, tables } = this.#opened();
    const transaction = new AcceptTransaction(tables);
    let outcomes: T[];
    try {
      outcomes = inTransaction(db, () => work(transaction));
    } catch (error) {
      tables.forgetUncommitted();
      transaction.forgetDrafts();
      if (error instanceof LaneConflict) return undefined;
      throw error;
    }
    this.#commits += 1;
    for (const event of transaction.committed()) this.#takeIn(event);
    addTotals(this.#totals, transaction.totals);
    return outcomes;
  }

  #takeIn({ journalId, lane, chunks, body }: JournalledEvent): void {
    const shard = this.#shards.get(lane.gateway, lane.lane);
    const { active } = shard;
    for (const { id, content } of chunks) {
      if (content.kind === "readings") active.windows.addBlocks(content.blocks, id);
    }
    if (active.journalIds.length === 0) shard.oldestAtMs = this.#options.clock.monotonic();
    active.journalIds.push(journalId);
    active.lanes.set(laneName(lane), lane);
    active.bytes += body.byteLength;
  }

  async fold(): Promise<void> {
    await this.#opened().folds.foldAll();
  }

  async ownerships(scope: HubScope): Promise<readonly Ownership[]> {
    return this.#opened().tables.hubs.owners(scope);
  }

  async claim(scope: HubScope, claims: readonly OwnershipClaim[]): Promise<readonly Ownership[]> {
    const { db, tables } = this.#opened();
    return inTransaction(db, () => tables.hubs.claim(scope, claims, this.#options.clock.now()));
  }

  async positions(scope: HubScope): Promise<readonly PartitionPosition[]> {
    return reading(() => this.#opened().tables.hubs.positions(scope));
  }

  async *rollups(query: RollupQuery): AsyncGenerator<RollupRow, void, void> {
    const starts = reading(() => this.#opened().reader.starts(query));
    let sinceBreath = 0;
    for (const key of reading(() => this.#opened().reader.series(query))) {
      for (let at = 0; at < starts.length; at += PAGE_WINDOWS) {
        const page = starts.slice(at, at + PAGE_WINDOWS);
        yield* reading(() => this.#opened().reader.page(key, query, page));
        sinceBreath += page.length;
        if (sinceBreath < WINDOWS_PER_BREATH) continue;
        sinceBreath = 0;
        // Lets whatever waits have its turn.
        await this.#options.clock.sleep(0, { name: "rollup query" });
      }
    }
  }

  async devices(): Promise<readonly DeviceRow[]> {
    return reading(() => this.#opened().tables.notices.devices());
  }

  async alarms(limit: number): Promise<readonly AlarmRow[]> {
    return this.#opened().tables.alarms.newest(limit);
  }

  async deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    return this.#opened().tables.notices.deadLetters(limit);
  }

  async parked(
    filter: DeadLetterFilter,
    afterId: number,
    limit: number,
  ): Promise<readonly ParkedEvent[]> {
    return this.#opened().tables.notices.parked(filter, afterId, limit);
  }

  async explainedGaps(limit: number): Promise<readonly ExplainedGap[]> {
    return this.#opened().tables.notices.gaps(limit);
  }

  async raise(alarm: AlarmRow): Promise<boolean> {
    const { db, tables } = this.#opened();
    const raised = inTransaction(db, () => tables.alarms.add(alarm));
    return raised;
  }

  async gaps(): Promise<readonly SeqGap[]> {
    return gapsOf(this.#opened().tables.lanes.all());
  }

  async state(): Promise<StoreState> {
    const { tables, folder } = this.#opened();
    let journalEvents = 0;
    let openRows = 0;
    for (const shard of this.#shards.all()) {
      journalEvents += shard.events;
      openRows += shard.rows;
    }
    return {
      totals: { ...this.#totals },
      journalEvents,
      openRows,
      lanes: tables.lanes.size,
      commits: this.#commits,
      foldedRows: folder.foldedRows,
      watermarks: watermarksOf(tables.lanes.all(), this.#options.clock.now()),
    };
  }

  #opened(): OpenStore {
    if (!this.#open) throw new PenstockError("STORE_FAILED", "the store is not open");
    return this.#open;
  }
}
