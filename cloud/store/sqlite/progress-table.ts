/** How far an interrupted fold has come. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SeriesName } from "../../rollup/open-windows.ts";

export interface FoldProgress extends SeriesName {
  gateway: string;
  lane: number;
  /** The fold covers the lane's journal up to this id. */
  journalTo: number;
}

export class ProgressTable {
  readonly #write: StatementSync;
  readonly #remove: StatementSync;
  readonly #select: StatementSync;

  constructor(db: DatabaseSync) {
    this.#write = db.prepare("INSERT OR REPLACE INTO fold_progress VALUES (?, ?, ?, ?, ?)");
    this.#remove = db.prepare("DELETE FROM fold_progress WHERE gateway = ? AND lane = ?");
    this.#select = db.prepare("SELECT * FROM fold_progress");
  }

  /** Within the transaction that writes the series up to (device, tag). */
  write(progress: FoldProgress): void {
    const { gateway, lane, journalTo, device, tag } = progress;
    this.#write.run(gateway, lane, journalTo, device, tag);
  }

  remove(gateway: string, lane: number): void {
    this.#remove.run(gateway, lane);
  }

  all(): FoldProgress[] {
    return this.#select.all().map((row) => ({
      gateway: String(row["gateway"]),
      lane: Number(row["lane"]),
      journalTo: Number(row["journal_to"]),
      device: String(row["device"]),
      tag: String(row["tag"]),
    }));
  }
}
