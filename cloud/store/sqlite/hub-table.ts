/** Who reads which partition, and how far they are, per life of a hub. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type {
  HubScope,
  Ownership,
  OwnershipClaim,
  PartitionPosition,
  Position,
} from "../contract.ts";

export class HubTable {
  readonly #ids = new Map<string, number>();
  readonly #selectHub: StatementSync;
  readonly #insertHub: StatementSync;
  readonly #selectOwner: StatementSync;
  readonly #selectOwners: StatementSync;
  readonly #writeOwner: StatementSync;
  readonly #clearOwners: StatementSync;
  readonly #selectPositions: StatementSync;
  readonly #selectPosition: StatementSync;
  readonly #writePosition: StatementSync;

  constructor(db: DatabaseSync) {
    this.#selectHub = db.prepare(
      "SELECT id FROM hub WHERE namespace = ? AND hub = ? AND consumer_group = ? AND incarnation = ?",
    );
    this.#insertHub = db.prepare(
      "INSERT INTO hub (namespace, hub, consumer_group, incarnation) VALUES (?, ?, ?, ?)",
    );
    this.#selectOwner = db.prepare(
      "SELECT owner, etag FROM ownership WHERE hub_id = ? AND partition = ?",
    );
    this.#selectOwners = db.prepare("SELECT * FROM ownership WHERE hub_id = ?");
    this.#writeOwner = db.prepare("INSERT OR REPLACE INTO ownership VALUES (?, ?, ?, ?, ?)");
    this.#clearOwners = db.prepare("UPDATE ownership SET owner = '', etag = etag + 1");
    this.#selectPositions = db.prepare("SELECT * FROM position WHERE hub_id = ?");
    this.#selectPosition = db.prepare(
      "SELECT sequence_number FROM position WHERE hub_id = ? AND partition = ?",
    );
    this.#writePosition = db.prepare(
      `INSERT INTO position VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE
       SET sequence_number = excluded.sequence_number, offset = excluded.offset
       WHERE excluded.sequence_number > sequence_number`,
    );
  }

  /** The lock is ours, so whoever owned a partition is dead. */
  clearOwners(): void {
    this.#clearOwners.run();
  }

  idOf(scope: HubScope): number {
    const name = JSON.stringify([
      scope.namespace,
      scope.hub,
      scope.consumerGroup,
      scope.incarnation,
    ]);
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const key = [scope.namespace, scope.hub, scope.consumerGroup, scope.incarnation] as const;
    const row = this.#selectHub.get(...key);
    const id = row ? Number(row["id"]) : Number(this.#insertHub.run(...key).lastInsertRowid);
    this.#ids.set(name, id);
    return id;
  }

  forgetIds(): void {
    this.#ids.clear();
  }

  ownerOf(hubId: number, partition: string): string {
    return String(this.#selectOwner.get(hubId, partition)?.["owner"] ?? "");
  }

  owners(scope: HubScope): Ownership[] {
    return this.#selectOwners.all(this.idOf(scope)).map((row) => ({
      partition: String(row["partition"]),
      owner: String(row["owner"]),
      etag: String(row["etag"]),
      modifiedAtMs: Number(row["modified_at"]),
    }));
  }

  /** Within a transaction. */
  claim(scope: HubScope, claims: readonly OwnershipClaim[], nowMs: number): Ownership[] {
    const hubId = this.idOf(scope);
    const won: Ownership[] = [];
    for (const { partition, owner, etag } of claims) {
      const row = this.#selectOwner.get(hubId, partition);
      const current = row === undefined ? undefined : String(row["etag"]);
      if (current !== etag) continue;
      const next = Number(row?.["etag"] ?? 0) + 1;
      this.#writeOwner.run(hubId, partition, owner, next, Math.trunc(nowMs));
      won.push({ partition, owner, etag: String(next), modifiedAtMs: nowMs });
    }
    return won;
  }

  positions(scope: HubScope): PartitionPosition[] {
    return this.#selectPositions.all(this.idOf(scope)).map((row) => ({
      partition: String(row["partition"]),
      sequenceNumber: Number(row["sequence_number"]),
      offset: String(row["offset"]),
    }));
  }

  /** Sequence number of the newest committed event. */
  committed(hubId: number, partition: string): number | undefined {
    const row = this.#selectPosition.get(hubId, partition);
    return row === undefined ? undefined : Number(row["sequence_number"]);
  }

  /** Within a transaction. A position never moves back. */
  move(hubId: number, partition: string, position: Position): void {
    this.#writePosition.run(hubId, partition, position.sequenceNumber, position.offset);
  }
}
