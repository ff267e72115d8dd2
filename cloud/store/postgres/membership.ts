/**
 * This process among the sinks of one database. Each has a row, and says by a beat that it lives. One
 * that does not is retired by any other: from then on it cannot commit anything, its partitions are
 * free, and its journal is taken over (adopt.ts).
 *
 * Two signs tell the dead: a beat that is long overdue (a stopped process, a cut network), or one that
 * is a little overdue from a process whose connection is gone (kill -9). The latter shows in a lock
 * that each sink holds for as long as its connection lasts.
 */
import type { Client } from "pg";
import type { Clock } from "#core/clock.ts";
import { isAbort, messageOf, PenstockError } from "#core/errors.ts";
import type { RateLimitedLog } from "#core/log.ts";
import type { Database } from "./database.ts";

export interface MembershipOptions {
  database: Database;
  /** For people who look at the table. */
  name: string;
  clock: Clock;
  log: RateLimitedLog;
  /** This process was retired: what it has in memory is void. It goes on under a new id. */
  onDeposed: () => void;
}

const BEAT_MS = 1000;
const OVERDUE_S = 10;
const OVERDUE_WITHOUT_CONNECTION_S = 3;
/** After an outage of the database all beats are overdue: others must have time to say theirs. */
const JUDGE_AFTER_MS = 4000;
/** First key of the locks that sinks hold; the second is the sink's id. */
const LIFE_LOCK = 7_306_418;

export class Membership {
  readonly #options: MembershipOptions;
  readonly #abort = new AbortController();
  #client: Client | undefined;
  #id: number | undefined;
  /** Since when beats have succeeded without a break. */
  #steadySinceMs = Number.POSITIVE_INFINITY;
  #beating: Promise<void> | undefined;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** Resolves once this process is known to the database. */
  async start(): Promise<void> {
    await this.#beat();
    this.#beating = this.#run();
  }

  /** Gives its place up; what is left in its journal is taken over by whoever lives. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#beating;
    try {
      if (this.#id !== undefined) await this.#client?.query(RETIRE_SELF, [this.#id]);
      await this.#client?.end();
    } catch (error) {
      const reason = messageOf(error);
      this.#options.log.warn("leave", { reason }, "could not take leave; others will notice");
    }
  }

  /** @throws PenstockError STORE_FAILED while it has none: the database is away, or it was retired */
  get id(): number {
    if (this.#id === undefined) {
      throw new PenstockError("STORE_FAILED", "this sink is not registered at the database");
    }
    return this.#id;
  }

  /** The id is used up: what was done under it is left to others, and to this process as another. */
  depose(id: number): void {
    if (this.#id !== id) return;
    this.#id = undefined;
    this.#options.log.warn("deposed", { sink: id }, "begins anew under another id");
    this.#options.onDeposed();
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        await clock.sleep(BEAT_MS, { name: "beat", signal });
        await this.#beat();
        if (clock.monotonic() - this.#steadySinceMs >= JUDGE_AFTER_MS) await this.#judge();
      } catch (error) {
        if (isAbort(error)) return;
        this.#steadySinceMs = Number.POSITIVE_INFINITY;
        this.#dropClient();
        log.warn("beat", { reason: messageOf(error) }, "the database does not answer");
      }
    }
  }

  async #beat(): Promise<void> {
    const client = this.#client ?? (await this.#connect());
    if (this.#id !== undefined) {
      const { rowCount } = await client.query(BEAT, [this.#id]);
      if (rowCount === 0) this.depose(this.#id);
    }
    if (this.#id === undefined) await this.#register(client);
    const nowMs = this.#options.clock.monotonic();
    this.#steadySinceMs = Math.min(this.#steadySinceMs, nowMs);
  }

  async #connect(): Promise<Client> {
    const client = this.#options.database.dedicated();
    client.on("error", () => {
      if (this.#client === client) this.#dropClient();
    });
    await client.connect();
    this.#client = client;
    if (this.#id !== undefined) await client.query(LOCK, [LIFE_LOCK, this.#id]);
    return client;
  }

  async #register(client: Client): Promise<void> {
    const { rows } = await client.query<{ id: string }>(
      "INSERT INTO sink (name) VALUES ($1) RETURNING id",
      [this.#options.name],
    );
    const id = Number(rows[0]?.id);
    await client.query(LOCK, [LIFE_LOCK, id]);
    this.#id = id;
  }

  async #judge(): Promise<void> {
    const { database, log } = this.#options;
    const values = [this.id, OVERDUE_S, OVERDUE_WITHOUT_CONNECTION_S, LIFE_LOCK];
    const { rows } = await database.query<{ id: string; name: string }>(RETIRE_DEAD, values);
    for (const { id, name } of rows) log.warn(`retired ${id}`, { sink: name }, "a sink is dead");
    await database.query(FREE_PARTITIONS);
  }

  #dropClient(): void {
    const client = this.#client;
    this.#client = undefined;
    // Its socket may be half open: nobody waits for the farewell.
    client?.end().catch(() => undefined);
  }
}

const BEAT = "UPDATE sink SET seen_at = clock_timestamp() WHERE id = $1 AND NOT retired";

const RETIRE_SELF = "UPDATE sink SET retired = true WHERE id = $1";

const LOCK = "SELECT pg_advisory_lock($1::integer, $2::integer)";

const RETIRE_DEAD = `
UPDATE sink SET retired = true
WHERE id <> $1 AND id > 0 AND NOT retired AND (
  seen_at < clock_timestamp() - make_interval(secs => $2)
  OR CASE WHEN seen_at < clock_timestamp() - make_interval(secs => $3)
     THEN pg_try_advisory_xact_lock($4::integer, id::integer) ELSE false END)
RETURNING id, name`;

const FREE_PARTITIONS = `
UPDATE ownership SET owner = '', etag = etag + 1, modified_at = clock_timestamp()
WHERE owner <> ''
  AND NOT EXISTS (SELECT FROM sink WHERE sink.id = ownership.sink_id AND NOT retired)`;
