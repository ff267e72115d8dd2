/** Who reads which partition, and how far they are, per life of a hub. */

import type { PlannedPosition } from "../accept-plan.ts";
import type {
  HubScope,
  Ownership,
  OwnershipClaim,
  PartitionBatch,
  PartitionPosition,
} from "../contract.ts";
import { numberArray } from "./arrays.ts";
import type { Database, Sql } from "./database.ts";

interface OwnershipRow {
  partition: string;
  owner: string;
  etag: string;
  /** By the database's clock, since clocks of the sinks may differ. */
  age_ms: number;
}

/** A partition within a transaction. */
interface HeldPartition {
  owner: string;
  /** Sequence number of the newest committed event. */
  committed: number | undefined;
}

const AGE = "(extract(epoch FROM clock_timestamp() - modified_at) * 1000)::float8 AS age_ms";
const HUBS_MAX = 1000;

export class HubTable {
  readonly #database: Database;
  readonly #ids = new Map<string, number>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Committed on its own, so it holds whatever becomes of the caller's transaction. */
  async idOf({ namespace, hub, consumerGroup, incarnation }: HubScope): Promise<number> {
    const key = [namespace, hub, consumerGroup, incarnation];
    const name = JSON.stringify(key);
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    await this.#database.query(
      `INSERT INTO hub (namespace, hub, consumer_group, incarnation) VALUES ($1, $2, $3, $4)
       ON CONFLICT DO NOTHING`,
      key,
    );
    const { rows } = await this.#database.query<{ id: string }>(
      `SELECT id FROM hub
       WHERE namespace = $1 AND hub = $2 AND consumer_group = $3 AND incarnation = $4`,
      key,
    );
    const id = Number(rows[0]?.id);
    if (this.#ids.size >= HUBS_MAX) this.#ids.clear();
    this.#ids.set(name, id);
    return id;
  }

  /** Within a transaction: until its end, nobody else can take the partitions. */
  async hold(
    sql: Sql,
    hubIds: readonly number[],
    batches: readonly PartitionBatch[],
  ): Promise<HeldPartition[]> {
    const { rows } = await sql.query<{
      hub_id: string;
      partition: string;
      owner: string;
      sequence_number: string | null;
    }>(
      `SELECT o.hub_id, o.partition, o.owner, p.sequence_number
       FROM (SELECT DISTINCT * FROM unnest($1::bigint[], $2::text[])) AS k(hub_id, partition)
       JOIN ownership o ON o.hub_id = k.hub_id AND o.partition = k.partition
       LEFT JOIN position p ON p.hub_id = k.hub_id AND p.partition = k.partition
       ORDER BY o.hub_id, o.partition FOR SHARE OF o`,
      [numberArray(hubIds), batches.map(({ partition }) => partition)],
    );
    const held = new Map(
      rows.map((row) => [
        `${row.hub_id} ${row.partition}`,
        {
          owner: row.owner,
          committed: row.sequence_number === null ? undefined : Number(row.sequence_number),
        },
      ]),
    );
    return batches.map(
      ({ partition }, at) =>
        held.get(`${hubIds[at]} ${partition}`) ?? { owner: "", committed: undefined },
    );
  }

  /** Within the transaction that holds them. A position never moves back. */
  async move(
    sql: Sql,
    hubIds: ReadonlyMap<PartitionBatch, number>,
    moves: readonly PlannedPosition[],
  ): Promise<void> {
    // One statement cannot write a row twice: of several batches of a partition, the last one tells.
    const last = new Map<string, PlannedPosition>();
    for (const move of moves) last.set(`${hubIds.get(move.batch)} ${move.batch.partition}`, move);
    if (last.size === 0) return;
    const list = [...last.values()];
    await sql.query(
      `INSERT INTO position (hub_id, partition, sequence_number, "offset")
       SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[])
       ON CONFLICT (hub_id, partition) DO UPDATE
       SET sequence_number = excluded.sequence_number, "offset" = excluded."offset"
       WHERE excluded.sequence_number > position.sequence_number`,
      [
        numberArray(list.map(({ batch }) => hubIds.get(batch) ?? null)),
        list.map(({ batch }) => batch.partition),
        numberArray(list.map(({ position }) => position.sequenceNumber)),
        list.map(({ position }) => position.offset),
      ],
    );
  }

  async owners(scope: HubScope, nowMs: number): Promise<Ownership[]> {
    const { rows } = await this.#database.query<OwnershipRow>(
      `SELECT partition, owner, etag, ${AGE} FROM ownership WHERE hub_id = $1`,
      [await this.idOf(scope)],
    );
    return rows.map((row) => toOwnership(row, nowMs));
  }

  async claim(
    scope: HubScope,
    claims: readonly OwnershipClaim[],
    sinkId: number,
    nowMs: number,
  ): Promise<Ownership[]> {
    const hubId = await this.idOf(scope);
    const won: Ownership[] = [];
    for (const { partition, owner, etag } of claims) {
      const values = [hubId, partition, owner, sinkId];
      const { rows } =
        etag === undefined
          ? await this.#database.query<OwnershipRow>(FIRST_CLAIM, values)
          : await this.#database.query<OwnershipRow>(LATER_CLAIM, [...values, etag]);
      won.push(...rows.map((row) => toOwnership(row, nowMs)));
    }
    return won;
  }

  async positions(scope: HubScope): Promise<PartitionPosition[]> {
    const { rows } = await this.#database.query<{
      partition: string;
      sequence_number: string;
      offset: string;
    }>(`SELECT partition, sequence_number, "offset" FROM position WHERE hub_id = $1`, [
      await this.idOf(scope),
    ]);
    return rows.map(({ partition, sequence_number: number, offset }) => ({
      partition,
      sequenceNumber: Number(number),
      offset,
    }));
  }
}

const FIRST_CLAIM = `
INSERT INTO ownership (hub_id, partition, owner, sink_id, etag, modified_at)
VALUES ($1, $2, $3, $4, 1, clock_timestamp()) ON CONFLICT DO NOTHING
RETURNING partition, owner, etag, ${AGE}`;

const LATER_CLAIM = `
UPDATE ownership SET owner = $3, sink_id = $4, etag = etag + 1, modified_at = clock_timestamp()
WHERE hub_id = $1 AND partition = $2 AND etag = $5
RETURNING partition, owner, etag, ${AGE}`;

function toOwnership(
  { partition, owner, etag, age_ms: ageMs }: OwnershipRow,
  nowMs: number,
): Ownership {
  return { partition, owner, etag, modifiedAtMs: nowMs - ageMs };
}
