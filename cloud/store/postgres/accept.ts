/**
 * Takes in batches: one transaction holds the partitions and locks the lanes, decides by the plan that
 * all stores share, and writes everything in a handful of statements.
 */
import { AcceptPlan } from "../accept-plan.ts";
import type { PartitionBatch, RevivedEvent, ReviveOutcome } from "../contract.ts";
import { type LaneKey, laneName } from "../lane-state.ts";
import { parkedBatch, reviveOutcome } from "../revive.ts";
import type { AlarmTable } from "./alarm-table.ts";
import type { Database, Sql } from "./database.ts";
import type { HubTable } from "./hub-table.ts";
import { addToJournal } from "./journal-table.ts";
import type { LaneTable } from "./lane-table.ts";
import { removeDeadLetters, writeNotices } from "./notice-tables.ts";
import { countAlive } from "./sink-table.ts";

export interface Accepted {
  plan: AcceptPlan;
  /** Of the plan's events, in their order. */
  journalIds: readonly number[];
}

export class Accepter {
  readonly #database: Database;
  readonly #hubs: HubTable;
  readonly #lanes: LaneTable;
  readonly #alarms: AlarmTable;

  constructor(database: Database, hubs: HubTable, lanes: LaneTable, alarms: AlarmTable) {
    this.#database = database;
    this.#hubs = hubs;
    this.#lanes = lanes;
    this.#alarms = alarms;
  }

  /**
   * @throws PenstockError STORE_FAILED: nothing was written, and it may be tried again
   * @throws Deposed nothing was written, or nobody knows
   */
  async accept(sinkId: number, batches: readonly PartitionBatch[]): Promise<Accepted> {
    const hubIds = await this.#hubIdsOf(batches);
    const accepted = await this.#database.transaction(async (sql) => {
      const plan = await this.#decide(sql, batches, hubIds);
      return this.#write(sql, sinkId, plan, hubIds);
    });
    this.#lanes.put(accepted.plan.committed());
    return accepted;
  }

  /** @throws PenstockError STORE_FAILED, Deposed as above */
  async revive(
    sinkId: number,
    events: readonly RevivedEvent[],
  ): Promise<{ accepted: Accepted; outcomes: ReviveOutcome[] }> {
    const parked = new Map(events.map((event) => [parkedBatch(event), event.parked]));
    const batches = [...parked.keys()];
    const hubIds = await this.#hubIdsOf(batches);
    const revived = await this.#database.transaction(async (sql) => {
      const plan = new AcceptPlan(await this.#lanes.lock(sql, lanesOf(batches)));
      for (const batch of batches) plan.takeParked(batch);
      const accepted = await this.#write(sql, sinkId, plan, hubIds);
      const outcomes = [...parked].map(([batch, letter]) => reviveOutcome(plan, batch, letter));
      await removeDeadLetters(
        sql,
        outcomes.flatMap(({ id, isGone }) => (isGone ? id : [])),
      );
      return { accepted, outcomes };
    });
    this.#lanes.put(revived.accepted.plan.committed());
    return revived;
  }

  async #hubIdsOf(batches: readonly PartitionBatch[]): Promise<Map<PartitionBatch, number>> {
    const hubIds = new Map<PartitionBatch, number>();
    for (const batch of batches) hubIds.set(batch, await this.#hubs.idOf(batch.scope));
    return hubIds;
  }

  async #decide(
    sql: Sql,
    batches: readonly PartitionBatch[],
    hubIds: ReadonlyMap<PartitionBatch, number>,
  ): Promise<AcceptPlan> {
    const held = await this.#hubs.hold(sql, [...hubIds.values()], batches);
    const plan = new AcceptPlan(await this.#lanes.lock(sql, lanesOf(batches)));
    const reached = new Map<string, number>();
    for (const [at, batch] of batches.entries()) {
      const { owner, committed } = held[at] ?? { owner: "", committed: undefined };
      const name = `${hubIds.get(batch)} ${batch.partition}`;
      const until = reached.get(name) ?? committed;
      if (owner !== batch.owner) plan.refuse(batch, { kind: "fenced", owner });
      else if (batch.after !== undefined && (until === undefined || until < batch.after)) {
        plan.refuse(batch, { kind: "behind", committed: until });
      } else {
        plan.take(batch);
        const last = batch.deliveries.at(-1)?.position.sequenceNumber;
        if (last !== undefined) reached.set(name, Math.max(last, until ?? last));
      }
    }
    return plan;
  }

  async #write(
    sql: Sql,
    sinkId: number,
    plan: AcceptPlan,
    hubIds: ReadonlyMap<PartitionBatch, number>,
  ): Promise<Accepted> {
    await this.#lanes.save(sql, [...plan.drafts]);
    const journalIds = await addToJournal(sql, sinkId, plan.events);
    await this.#hubs.move(sql, hubIds, plan.positions);
    await writeNotices(sql, plan, hubIds, this.#alarms);
    await countAlive(sql, sinkId, plan.totals());
    return { plan, journalIds };
  }
}

/** The lanes that the batches speak of: their own, and those whose gaps they explain. */
function lanesOf(batches: readonly PartitionBatch[]): LaneKey[] {
  const keys = new Map<string, LaneKey>();
  const add = ({ gateway, epoch, lane }: LaneKey): void => {
    const key = { gateway, epoch, lane };
    keys.set(laneName(key), key);
  };
  for (const { deliveries } of batches) {
    for (const { content } of deliveries) {
      if (content.kind !== "chunks") continue;
      for (const { id, content: what } of content.chunks) {
        add(id);
        if (what.kind !== "gap") continue;
        for (const { epoch } of what.gaps) if (epoch !== undefined) add({ ...id, epoch });
      }
    }
  }
  return [...keys.values()];
}
