/** Decides and writes what a group of batches brings, within one transaction. */
import { AcceptPlan, type LaneSource, type PlannedEvent } from "../accept-plan.ts";
import type {
  AcceptOutcome,
  PartitionBatch,
  RevivedEvent,
  ReviveOutcome,
  StoreTotals,
} from "../contract.ts";
import { parkedBatch, reviveOutcome } from "../revive.ts";
import type { SqliteTables } from "./tables.ts";

/** To be taken into the open windows after the commit. */
export interface JournalledEvent extends PlannedEvent {
  journalId: number;
}

export class AcceptTransaction {
  readonly #tables: SqliteTables;
  readonly #plan: AcceptPlan;
  readonly #events: JournalledEvent[] = [];

  constructor(tables: SqliteTables) {
    this.#tables = tables;
    this.#plan = new AcceptPlan(laneSource(tables));
  }

  get totals(): StoreTotals {
    return this.#plan.totals();
  }

  /** Within the transaction. @throws LaneConflict: roll back, `forgetDrafts`, and try again */
  run(batches: readonly PartitionBatch[]): AcceptOutcome[] {
    for (const batch of batches) this.#take(batch);
    this.#write();
    return this.#plan.outcomes(batches);
  }

  /** Within the transaction. @throws LaneConflict as above */
  revive(events: readonly RevivedEvent[]): ReviveOutcome[] {
    const batches = events.map(parkedBatch);
    for (const batch of batches) this.#plan.takeParked(batch);
    this.#write();
    return events.map(({ parked }, at) => {
      const batch = batches[at];
      if (!batch) throw new TypeError("a dead letter without its batch");
      const outcome = reviveOutcome(this.#plan, batch, parked);
      if (outcome.isGone) this.#tables.notices.removeDeadLetter(parked.id);
      return outcome;
    });
  }

  /** After the commit. */
  committed(): readonly JournalledEvent[] {
    for (const lane of this.#plan.committed()) {
      this.#tables.lanes.put(lane);
      this.#tables.epochs.see(lane);
    }
    return this.#events;
  }

  /** After a conflict: the lanes in memory are out of date. */
  forgetDrafts(): void {
    for (const draft of this.#plan.drafts) this.#tables.lanes.forget(draft);
  }

  #take(batch: PartitionBatch): void {
    const { hubs } = this.#tables;
    const hubId = hubs.idOf(batch.scope);
    const owner = hubs.ownerOf(hubId, batch.partition);
    if (owner !== batch.owner) return this.#plan.refuse(batch, { kind: "fenced", owner });
    const committed = hubs.committed(hubId, batch.partition);
    if (batch.after !== undefined && (committed === undefined || committed < batch.after)) {
      return this.#plan.refuse(batch, { kind: "behind", committed });
    }
    this.#plan.take(batch);
    // At once, so that a second batch of the partition in the same group finds it.
    const last = batch.deliveries.at(-1);
    if (last) hubs.move(hubId, batch.partition, last.position);
  }

  #write(): void {
    for (const draft of this.#plan.drafts) this.#tables.lanes.save(draft);
    this.#writeJournal();
    this.#writeNotices();
    this.#tables.totals.add(this.totals);
  }

  #writeJournal(): void {
    for (const event of this.#plan.events) {
      const journalId = this.#tables.journal.add(event.lane.id, event.body, event.only);
      this.#events.push({ ...event, journalId });
    }
  }

  #writeNotices(): void {
    const { notices, alarms, hubs } = this.#tables;
    for (const letter of this.#plan.deadLetters) {
      const { batch, delivery, code, reason } = letter;
      const hubId = hubs.idOf(batch.scope);
      letter.isNew = notices.addDeadLetter(hubId, batch.partition, delivery, code, reason);
    }
    for (const planned of this.#plan.alarms) planned.isNew = alarms.add(planned.alarm);
    for (const device of this.#plan.devices) notices.describe(device);
    for (const { lane, gap } of this.#plan.gaps) notices.addGap(lane.id, gap);
  }
}

function laneSource({ lanes, epochs }: SqliteTables): LaneSource {
  return {
    lane: (key) => lanes.get(key) ?? lanes.create(key),
    newerEpoch: (lane) => {
      const newest = epochs.newest(lane);
      return newest !== undefined && newest.id > lane.id ? newest.epoch : undefined;
    },
  };
}
