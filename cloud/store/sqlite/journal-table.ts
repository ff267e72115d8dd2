/** Events whose readings count already, but are not yet in their rows. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { LaneKey } from "../lane-state.ts";

export interface JournalRow extends LaneKey {
  id: number;
  body: Uint8Array;
  /** Positions of the chunks that count; undefined for all. */
  only: readonly number[] | undefined;
}

export class JournalTable {
  readonly #insert: StatementSync;
  readonly #remove: StatementSync;
  readonly #select: StatementSync;
  #nextId: number;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare("INSERT INTO journal VALUES (?, ?, ?, ?)");
    this.#remove = db.prepare("DELETE FROM journal WHERE id = ?");
    this.#select = db.prepare(
      `SELECT journal.id, gateway, epoch, lane, body, only_chunks
       FROM journal JOIN lane ON lane.id = lane_id ORDER BY journal.id`,
    );
    const last = db.prepare("SELECT max(id) AS id FROM journal").get()?.["id"];
    this.#nextId = Number(last ?? 0) + 1;
  }

  /** Within a transaction. Ids go up, also over a restart while an older row is there. */
  add(laneId: number, body: Uint8Array, only: readonly number[] | undefined): number {
    const id = this.#nextId++;
    this.#insert.run(id, laneId, body, only === undefined ? null : JSON.stringify(only));
    return id;
  }

  /** Within the transaction that writes the last of their readings. */
  remove(ids: readonly number[]): void {
    for (const id of ids) this.#remove.run(id);
  }

  *rows(): Generator<JournalRow, void, void> {
    for (const row of this.#select.iterate()) {
      const { body, only_chunks: only } = row;
      if (!(body instanceof Uint8Array)) throw new TypeError("a journal row without a body");
      yield {
        id: Number(row["id"]),
        gateway: String(row["gateway"]),
        epoch: String(row["epoch"]),
        lane: Number(row["lane"]),
        body,
        only: typeof only === "string" ? JSON.parse(only) : undefined,
      };
    }
  }
}
