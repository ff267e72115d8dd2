/** Ownership and checkpoints in a SQLite file, shared by processors in several processes. */
import { DatabaseSync } from "node:sqlite";
import type { Checkpoint, CheckpointStore, PartitionOwnership } from "@azure/event-hubs";
import { systemClock } from "#core/clock.ts";

const BUSY_TIMEOUT_MS = 5000;

export class SharedStore implements CheckpointStore {
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    this.#database.exec(`
      CREATE TABLE IF NOT EXISTS ownership (partition TEXT PRIMARY KEY, etag INTEGER, record TEXT);
      CREATE TABLE IF NOT EXISTS checkpoint (partition TEXT PRIMARY KEY, record TEXT);
    `);
  }

  /** How many partitions each owner has, in rising order; those given back do not count. */
  get shares(): number[] {
    const counts = new Map<string, number>();
    for (const { ownerId } of this.#ownerships()) {
      if (ownerId) counts.set(ownerId, (counts.get(ownerId) ?? 0) + 1);
    }
    return [...counts.values()].toSorted((a, b) => a - b);
  }

  #ownerships(): PartitionOwnership[] {
    const rows = this.#database.prepare("SELECT record FROM ownership").all();
    return rows.map(({ record }) => JSON.parse(String(record)));
  }

  async listOwnership(): Promise<PartitionOwnership[]> {
    return this.#ownerships();
  }

  async claimOwnership(claims: PartitionOwnership[]): Promise<PartitionOwnership[]> {
    this.#database.exec("BEGIN IMMEDIATE");
    const granted = claims.flatMap((claim) => this.#claim(claim) ?? []);
    this.#database.exec("COMMIT");
    return granted;
  }

  /** Nobody gets a partition by a claim that is out of date. */
  #claim(claim: PartitionOwnership): PartitionOwnership | undefined {
    const row = this.#database
      .prepare("SELECT etag FROM ownership WHERE partition = ?")
      .get(claim.partitionId);
    const etag = Number(row?.["etag"] ?? 0);
    if (row && String(etag) !== claim.etag) return undefined;
    const next = etag + 1;
    const owned = { ...claim, etag: String(next), lastModifiedTimeInMs: systemClock.now() };
    this.#database
      .prepare("INSERT OR REPLACE INTO ownership VALUES (?, ?, ?)")
      .run(claim.partitionId, next, JSON.stringify(owned));
    return owned;
  }

  async updateCheckpoint(checkpoint: Checkpoint): Promise<void> {
    this.#database
      .prepare("INSERT OR REPLACE INTO checkpoint VALUES (?, ?)")
      .run(checkpoint.partitionId, JSON.stringify(checkpoint));
  }

  async listCheckpoints(): Promise<Checkpoint[]> {
    const rows = this.#database.prepare("SELECT record FROM checkpoint").all();
    return rows.map(({ record }) => JSON.parse(String(record)));
  }

  close(): void {
    this.#database.close();
  }
}
