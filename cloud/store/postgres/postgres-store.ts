/**
 * The store that several sinks share.
 *
 * Invariants:
 * - The database is the truth. What is accepted and not yet folded lies in the journal; a sink's
 *   memory holds the same as open windows, only to fold without reading it again.
 * - A journal row is deleted in the very transaction that adds its readings to the rollup rows.
 * - A sink that was retired commits nothing. It forgets its memory and begins anew under another id.
 */
import { backOff } from "#core/back-off.ts";
import type { Clock } from "#core/clock.ts";
import { isAbort, messageOf, PenstockError } from "#core/errors.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import type { Random } from "#core/random.ts";
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
import { type Shard, Shards } from "../shard.ts";
import { type Accepted, Accepter } from "./accept.ts";
import { adoptSome } from "./adopt.ts";
import { AlarmTable } from "./alarm-table.ts";
import { Database } from "./database.ts";
import { Deposed, isAway, storeError } from "./database-errors.ts";
import { PostgresDesk } from "./desk.ts";
import { Folder } from "./fold.ts";
import { FoldLoop } from "./fold-loop.ts";
import { HubTable } from "./hub-table.ts";
import { LaneTable } from "./lane-table.ts";
import { Membership } from "./membership.ts";
import { readDeadLetters, readDevices, readGaps, readParked } from "./notice-tables.ts";
import { queryRollups } from "./rollup-query.ts";
import { prepareSchema } from "./schema.ts";
import { readTotals } from "./sink-table.ts";
import { readSummary, readUnexplained } from "./summary.ts";

export interface PostgresStoreOptions {
  /** May hold a password. */
  url: string;
  /** Of this process, for people who look at the database. */
  name: string;
  /** How long readings may wait in the journal for their fold. */
  foldEveryMs: number;
  clock: Clock;
  random: Random;
  log: Logger;
  alarmBounds?: AlarmBounds;
}

const ADOPT_EVERY_MS = 2000;
const ENTER_SCHEDULE = { firstMs: 200, maxMs: 5000 };

export class PostgresStore implements Store {
  readonly #options: PostgresStoreOptions;
  readonly #log: RateLimitedLog;
  readonly desk: PostgresDesk;
  readonly #database: Database;
  readonly #membership: Membership;
  readonly #hubs: HubTable;
  readonly #alarms: AlarmTable;
  readonly #accepter: Accepter;
  readonly #folder: Folder;
  readonly #folds: FoldLoop;
  #shards = new Shards();
  #adopting: Promise<void> | undefined;
  #adoptTimer: { cancel(): void } | undefined;
  #accepting: Promise<unknown> = Promise.resolve();
  #commits = 0;
  #isStopping = false;

  constructor(options: PostgresStoreOptions) {
    this.#options = options;
    const { url, name, clock, random, foldEveryMs } = options;
    const log = new RateLimitedLog(options.log, clock);
    this.#log = log;
    this.#database = new Database({ url, clock, random, log });
    const onDeposed = (): void => {
      this.#shards = new Shards();
    };
    this.#membership = new Membership({ database: this.#database, name, clock, log, onDeposed });
    this.#alarms = new AlarmTable(options.alarmBounds ?? ALARM_BOUNDS);
    this.desk = new PostgresDesk(this.#database, this.#alarms, () => this.#membership.id);
    this.#hubs = new HubTable(this.#database);
    this.#accepter = new Accepter(this.#database, this.#hubs, new LaneTable(), this.#alarms);
    this.#folder = new Folder(this.#database);
    this.#folds = new FoldLoop({
      shards: () => this.#shards,
      fold: async (shards) => this.#fold(shards),
      foldEveryMs,
      clock,
      log,
    });
  }

  async start(patience?: AbortSignal): Promise<void> {
    try {
      await this.#enter(patience);
    } catch (error) {
      await this.#membership.stop();
      await this.#database.stop();
      throw isAbort(error) ? error : storeError(error);
    }
    this.#folds.start();
    this.#adoptTimer = this.#options.clock.every("adopt", ADOPT_EVERY_MS, () => {
      this.#adopting ??= this.#adopt().finally(() => {
        this.#adopting = undefined;
      });
    });
    this.#options.log.info({ sink: this.#membership.id }, "store opened");
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#adoptTimer?.cancel();
    await this.#adopting;
    await this.#accepting.catch(() => undefined);
    await this.#folds.stop();
    try {
      await this.#folds.foldAll();
    } catch (error) {
      const message = "the last fold failed; the journal keeps the readings";
      this.#options.log.warn({ err: error }, message);
    }
    await this.#membership.stop();
    await this.#database.stop();
  }

  async accept(batches: readonly PartitionBatch[]): Promise<readonly AcceptOutcome[]> {
    return this.#takingIn(async (id) => {
      const accepted = await this.#accepter.accept(id, batches);
      return { accepted, outcomes: accepted.plan.outcomes(batches) };
    });
  }

  async revive(events: readonly RevivedEvent[]): Promise<readonly ReviveOutcome[]> {
    return this.#takingIn(async (id) => this.#accepter.revive(id, events));
  }

  /** One after the other: each works on the copies of lanes that the one before has left. */
  async #enter(patience: AbortSignal | undefined): Promise<void> {
    const { clock, random } = this.#options;
    const delays = backOff(ENTER_SCHEDULE, random);
    for (;;) {
      try {
        await prepareSchema(this.#database);
        return await this.#membership.start();
      } catch (error) {
        if (!patience || !isAway(error)) throw error;
        this.#log.warn("away", { reason: messageOf(error) }, "waiting for the database");
        await clock.sleep(delays.next().value, { name: "database away", signal: patience });
      }
    }
  }

  async #takingIn<T>(
    work: (sinkId: number) => Promise<{ accepted: Accepted; outcomes: readonly T[] }>,
  ): Promise<readonly T[]> {
    const before = this.#accepting;
    const run = async (): Promise<readonly T[]> => {
      await before.catch(() => undefined);
      await this.#folds.makeRoom();
      // Of the life under whose id it is written: should that end meanwhile, so do they.
      const shards = this.#shards;
      const { accepted, outcomes } = await this.#alive(work);
      this.#commits += 1;
      this.#takeIn(accepted, shards);
      return outcomes;
    };
    const taken = run();
    this.#accepting = taken;
    return taken;
  }

  #takeIn({ plan, journalIds }: Accepted, shards: Shards): void {
    const nowMs = this.#options.clock.monotonic();
    for (const [at, { lane, chunks, body }] of plan.events.entries()) {
      const shard = shards.get(lane.gateway, lane.lane);
      const { active } = shard;
      for (const { id, content } of chunks) {
        if (content.kind === "readings") active.windows.addBlocks(content.blocks, id);
      }
      shard.oldestAtMs = Math.min(shard.oldestAtMs, nowMs);
      active.journalIds.push(journalIds[at] ?? Number.NaN);
      active.bytes += body.byteLength;
    }
  }

  async fold(): Promise<void> {
    await this.#folds.foldAll();
  }

  async #fold(shards: readonly Shard[]): Promise<void> {
    // Of a life that is over: what they hold is in the journal, for others to fold.
    if (!shards.every((shard) => this.#shards.has(shard))) return;
    await this.#alive(async (id) => this.#folder.fold(id, shards));
  }

  /** Runs what may only be done under an id that is not retired. */
  async #alive<T>(work: (sinkId: number) => Promise<T>): Promise<T> {
    const { id } = this.#membership;
    try {
      return await work(id);
    } catch (error) {
      if (!(error instanceof Deposed)) throw error;
      this.#membership.depose(id);
      throw new PenstockError("STORE_FAILED", error.message, { cause: error });
    }
  }

  async #adopt(): Promise<void> {
    try {
      const clock = this.#options.clock;
      const again = async (): Promise<boolean> => {
        await this.#folds.makeRoom();
        const shards = this.#shards;
        return adoptSome(this.#database, this.#membership.id, shards, clock.monotonic());
      };
      while (!this.#isStopping && (await again()));
    } catch (error) {
      this.#log.warn("adopt", { err: error }, "a dead sink's journal waits to be taken over");
    }
  }

  async ownerships(scope: HubScope): Promise<readonly Ownership[]> {
    return this.#hubs.owners(scope, this.#options.clock.now());
  }

  async claim(scope: HubScope, claims: readonly OwnershipClaim[]): Promise<readonly Ownership[]> {
    return this.#hubs.claim(scope, claims, this.#membership.id, this.#options.clock.now());
  }

  async positions(scope: HubScope): Promise<readonly PartitionPosition[]> {
    return this.#hubs.positions(scope);
  }

  async *rollups(query: RollupQuery): AsyncGenerator<RollupRow, void, void> {
    yield* this.#database.snapshot((sql) => queryRollups(sql, query));
  }

  async devices(): Promise<readonly DeviceRow[]> {
    return readDevices(this.#database);
  }

  async alarms(limit: number): Promise<readonly AlarmRow[]> {
    return this.#alarms.newest(this.#database, limit);
  }

  async deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    return readDeadLetters(this.#database, limit);
  }

  async parked(
    filter: DeadLetterFilter,
    afterId: number,
    limit: number,
  ): Promise<readonly ParkedEvent[]> {
    return readParked(this.#database, filter, afterId, limit);
  }

  async explainedGaps(limit: number): Promise<readonly ExplainedGap[]> {
    return readGaps(this.#database, limit);
  }

  async raise(alarm: AlarmRow): Promise<boolean> {
    const added = await this.#database.transaction((sql) => this.#alarms.add(sql, [alarm]));
    return added.size === 1;
  }

  async gaps(): Promise<readonly SeqGap[]> {
    return readUnexplained(this.#database);
  }

  async state(): Promise<StoreState> {
    let journalEvents = 0;
    let openRows = 0;
    for (const shard of this.#shards.all()) {
      journalEvents += shard.events;
      openRows += shard.rows;
    }
    const totals = await readTotals(this.#database);
    const summary = await readSummary(this.#database, this.#options.clock.now());
    const { foldedRows } = this.#folder;
    return { totals, journalEvents, openRows, commits: this.#commits, foldedRows, ...summary };
  }
}
