/** What people want to see besides rollups and alarms: dead letters, devices, explained gaps. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { GapRecord, SeriesDescription } from "#core/chunk.ts";
import type { ErrorCode } from "#core/errors.ts";
import type {
  DeadLetter,
  DeadLetterFilter,
  Delivery,
  DeviceRow,
  ExplainedGap,
  ParkedEvent,
} from "../contract.ts";
import { toDeadLetter, toParkedEvent } from "../dead-letter-row.ts";

/** The newest are kept. An event has at most 1 MB, so dead letters take at most 2 GB. */
const DEAD_LETTERS_MAX = 2000;
const GAPS_MAX = 10_000;

export class NoticeTables {
  readonly #insertDead: StatementSync;
  readonly #trimDead: StatementSync;
  readonly #selectDead: StatementSync;
  readonly #selectParked: StatementSync;
  readonly #removeDead: StatementSync;
  readonly #writeDevice: StatementSync;
  readonly #selectDevices: StatementSync;
  readonly #insertGap: StatementSync;
  readonly #trimGaps: StatementSync;
  readonly #selectGaps: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insertDead = db.prepare(
      `INSERT INTO dead_letter
         (hub_id, partition, sequence_number, offset, enqueued_at, code, reason, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.#trimDead = db.prepare("DELETE FROM dead_letter WHERE id <= ?");
    this.#selectDead = db.prepare(
      `SELECT dead_letter.id, hub, partition, sequence_number, offset, enqueued_at, code, reason,
              length(body) AS bytes
       FROM dead_letter JOIN hub ON hub.id = hub_id ORDER BY dead_letter.id DESC LIMIT ?`,
    );
    this.#selectParked = db.prepare(
      `SELECT dead_letter.*, namespace, hub, consumer_group, incarnation, length(body) AS bytes
       FROM dead_letter JOIN hub ON hub.id = hub_id
       WHERE dead_letter.id > ?1 AND dead_letter.id = coalesce(?2, dead_letter.id)
         AND code = coalesce(?3, code)
       ORDER BY dead_letter.id LIMIT ?4`,
    );
    this.#removeDead = db.prepare("DELETE FROM dead_letter WHERE id = ?");
    this.#writeDevice = db.prepare("INSERT OR REPLACE INTO device VALUES (?, ?, ?, ?)");
    this.#selectDevices = db.prepare("SELECT gateway, description FROM device");
    this.#insertGap = db.prepare(
      "INSERT INTO gap (lane_id, from_seq, to_seq, readings, reason) VALUES (?, ?, ?, ?, ?)",
    );
    this.#trimGaps = db.prepare("DELETE FROM gap WHERE id <= ?");
    this.#selectGaps = db.prepare(
      `SELECT gateway, epoch, lane, readings, reason FROM gap JOIN lane ON lane.id = lane_id
       ORDER BY gap.id DESC LIMIT ?`,
    );
  }

  /** False when this event lies there already for this cause. */
  addDeadLetter(
    hubId: number,
    partition: string,
    delivery: Delivery,
    code: ErrorCode,
    reason: string,
  ): boolean {
    const { position, enqueuedAtMs, body } = delivery;
    const { changes, lastInsertRowid } = this.#insertDead.run(
      hubId,
      partition,
      position.sequenceNumber,
      position.offset,
      Math.trunc(enqueuedAtMs),
      code,
      reason,
      body,
    );
    if (Number(changes) === 0) return false;
    this.#trimDead.run(Number(lastInsertRowid) - DEAD_LETTERS_MAX);
    return true;
  }

  deadLetters(limit: number): DeadLetter[] {
    return this.#selectDead.all(limit).map((row) => toDeadLetter(row));
  }

  parked({ id, code }: DeadLetterFilter, afterId: number, limit: number): ParkedEvent[] {
    return this.#selectParked
      .all(afterId, id ?? null, code ?? null, limit)
      .map((row) => toParkedEvent(row));
  }

  /** Within a transaction. */
  removeDeadLetter(id: number): void {
    this.#removeDead.run(id);
  }

  describe({ gateway, ...description }: DeviceRow): void {
    const { device, tag } = description;
    this.#writeDevice.run(gateway, device, tag, JSON.stringify(description));
  }

  devices(): DeviceRow[] {
    return this.#selectDevices.all().map((row) => {
      const description: SeriesDescription = JSON.parse(String(row["description"]));
      return Object.assign({ gateway: String(row["gateway"]) }, description);
    });
  }

  addGap(laneId: number, gap: GapRecord): void {
    const { fromSeq = null, toSeq = null, readings, reason } = gap;
    const { lastInsertRowid } = this.#insertGap.run(laneId, fromSeq, toSeq, readings, reason);
    this.#trimGaps.run(Number(lastInsertRowid) - GAPS_MAX);
  }

  gaps(limit: number): ExplainedGap[] {
    return this.#selectGaps.all(limit).map((row) => ({
      gateway: String(row["gateway"]),
      epoch: String(row["epoch"]),
      lane: Number(row["lane"]),
      readings: Number(row["readings"]),
      reason: String(row["reason"]),
    }));
  }
}
