/**
 * The lanes' rows, with a copy in memory. The copy is never trusted at a write: the row is updated
 * only at the version that was read, else `LaneConflict` asks for a fresh read.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type SeqRange, SeqRanges } from "#core/seq-ranges.ts";
import { DigestRing } from "../digest-ring.ts";
import { type LaneKey, type LaneState, laneName } from "../lane-state.ts";

/** Another writer has changed the lane since it was read. */
export class LaneConflict extends Error {}

const LANES_MAX = 100_000;

export class LaneTable {
  readonly #lanes = new Map<string, LaneState>();
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #selectDigests: StatementSync;
  readonly #saveDigests: StatementSync;
  readonly #selectAll: StatementSync;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare("SELECT * FROM lane WHERE gateway = ? AND epoch = ? AND lane = ?");
    this.#selectAll = db.prepare("SELECT gateway, epoch, lane FROM lane ORDER BY seen_at DESC");
    this.#insert = db.prepare(
      `INSERT INTO lane (gateway, epoch, lane, accepted, closed, version, watermark, seen_at)
       VALUES (?, ?, ?, '[]', '[]', 0, ?, 0) ON CONFLICT DO NOTHING`,
    );
    this.#update = db.prepare(
      `UPDATE lane SET accepted = ?, closed = ?, watermark = ?, seen_at = ?, version = version + 1
       WHERE id = ? AND version = ?`,
    );
    this.#selectDigests = db.prepare("SELECT digests FROM lane_digests WHERE lane_id = ?");
    this.#saveDigests = db.prepare("INSERT OR REPLACE INTO lane_digests VALUES (?, ?)");
  }

  get size(): number {
    return this.#lanes.size;
  }

  all(): Iterable<LaneState> {
    return this.#lanes.values();
  }

  /** Reads the newest lanes into memory, so that their holes and watermarks show. */
  load(): void {
    for (const row of this.#selectAll.iterate()) {
      if (this.#lanes.size >= LANES_MAX) return;
      this.get({
        gateway: String(row["gateway"]),
        epoch: String(row["epoch"]),
        lane: Number(row["lane"]),
      });
    }
  }

  /** The lane, from memory or its row; undefined when there is none. */
  get(key: LaneKey): LaneState | undefined {
    const name = laneName(key);
    const known = this.#lanes.get(name);
    if (known) return known;
    const row = this.#select.get(key.gateway, key.epoch, key.lane);
    if (!row) return undefined;
    const lane = this.#fromRow(key, row);
    if (this.#lanes.size >= LANES_MAX) this.#forgetOldest();
    this.#lanes.set(name, lane);
    return lane;
  }

  /** Within a transaction: makes an empty row. Not kept in memory until it is `put`. */
  create(key: LaneKey): LaneState {
    this.#insert.run(key.gateway, key.epoch, key.lane, Number.MIN_SAFE_INTEGER);
    const row = this.#select.get(key.gateway, key.epoch, key.lane);
    if (!row) throw new LaneConflict();
    return this.#fromRow(key, row);
  }

  /**
   * Within a transaction.
   * @throws LaneConflict when the row is not as it was read
   */
  save(lane: LaneState): void {
    const { changes } = this.#update.run(
      JSON.stringify(lane.accepted),
      JSON.stringify(lane.closed),
      lane.watermark,
      lane.seenAtMs,
      lane.id,
      lane.version,
    );
    if (Number(changes) !== 1) throw new LaneConflict();
  }

  saveDigests(lane: LaneState): void {
    this.#saveDigests.run(lane.id, lane.digests.encode());
  }

  /** After the commit: this is the lane now. */
  put(lane: LaneState): void {
    this.#lanes.set(laneName(lane), lane);
  }

  forget(key: LaneKey): void {
    this.#lanes.delete(laneName(key));
  }

  #fromRow(key: LaneKey, row: Record<string, unknown>): LaneState {
    const id = Number(row["id"]);
    const digests = this.#selectDigests.get(id)?.["digests"];
    return {
      ...key,
      id,
      version: Number(row["version"]),
      accepted: parseRanges(row["accepted"]),
      closed: parseRanges(row["closed"]),
      watermark: Number(row["watermark"]),
      seenAtMs: Number(row["seen_at"]),
      digests: digests instanceof Uint8Array ? DigestRing.decode(digests) : new DigestRing(),
    };
  }

  #forgetOldest(): void {
    for (const name of this.#lanes.keys()) {
      this.#lanes.delete(name);
      return;
    }
  }
}

function parseRanges(text: unknown): SeqRanges {
  const ranges: SeqRange[] = JSON.parse(String(text));
  return new SeqRanges(ranges);
}
