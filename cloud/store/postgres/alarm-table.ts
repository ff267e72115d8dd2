/** Transitions of alarms, of gateways and of the sink's own, numbered as they were committed. */
import type { AlarmTransition } from "#core/alarm.ts";
import { type AlarmBounds, GOING_FOR_EACH } from "../alarm-bounds.ts";
import type { AlarmRow } from "../alarm-row.ts";
import type { NumberedAlarm } from "../desk-contract.ts";
import { numberArray } from "./arrays.ts";
import type { Sql } from "./database.ts";

/** Of an advisory lock; any number will do that nobody else takes. */
const SERIAL_LOCK = 7_306_419;

interface Row {
  serial: string;
  gateway: string;
  received_at: string;
  transition: AlarmTransition;
}

export class AlarmTable {
  readonly #bounds: AlarmBounds;

  constructor(bounds: AlarmBounds) {
    this.#bounds = bounds;
  }

  /**
   * Within a transaction. Serials are given under a lock that is held until the commit, so that they
   * stand in the order of the commits: who has read up to one has missed none below it. Whoever waits
   * for the lock holds whatever else it needs already, but for rows that are written by who has it.
   * @returns the names (`alarmName`) of those that are new
   */
  async add(sql: Sql, alarms: readonly AlarmRow[]): Promise<Set<string>> {
    await sql.query("SELECT pg_advisory_xact_lock($1)", [SERIAL_LOCK]);
    const { rows } = await sql.query<{ gateway: string; id: string }>(
      `INSERT INTO alarm (gateway, id, received_at, transition)
       SELECT gateway, id, received_at, transition::json
       FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[])
         AS u(gateway, id, received_at, transition)
       ON CONFLICT DO NOTHING RETURNING gateway, id`,
      [
        alarms.map(({ gateway }) => gateway),
        alarms.map(({ id }) => id),
        numberArray(alarms.map(({ receivedAtMs }) => Math.trunc(receivedAtMs))),
        alarms.map(transitionText),
      ],
    );
    if (rows.length > 0) await this.#trim(sql, rows.length);
    return new Set(rows.map(alarmName));
  }

  /**
   * Under the lock. The desk's row is read and not locked: its holder may wait for the lock, and a
   * cursor that has meanwhile moved on only keeps more.
   */
  async #trim(sql: Sql, added: number): Promise<void> {
    const { takenIn, waiting } = this.#bounds;
    const { rows } = await sql.query<{ is_given_up: boolean }>(TRIM, [
      takenIn,
      waiting,
      added * GOING_FOR_EACH,
    ]);
    const givenUp = rows.filter((row) => row.is_given_up).length;
    if (givenUp === 0) return;
    await sql.query("UPDATE alarm_loss SET given_up = given_up + $1", [givenUp]);
  }

  async newest(sql: Sql, limit: number): Promise<AlarmRow[]> {
    const { rows } = await sql.query<Row>(
      "SELECT serial, gateway, received_at, transition FROM alarm ORDER BY serial DESC LIMIT $1",
      [limit],
    );
    return rows.map((row) => numbered(row).alarm);
  }

  async after(sql: Sql, serial: number, limit: number): Promise<NumberedAlarm[]> {
    const { rows } = await sql.query<Row>(
      `SELECT serial, gateway, received_at, transition FROM alarm WHERE serial > $1
       ORDER BY serial LIMIT $2`,
      [serial, limit],
    );
    return rows.map(numbered);
  }
}

const TRIM = `
DELETE FROM alarm WHERE serial IN (
  SELECT serial FROM alarm, (
    SELECT cursor, (SELECT max(serial) FROM alarm) AS newest FROM desk
  ) AS bound
  WHERE serial <= greatest(least(newest - $1::bigint, cursor), newest - $2::bigint)
  ORDER BY serial LIMIT $3)
RETURNING serial > (SELECT cursor FROM desk) AS is_given_up`;

/** As `add` tells of it. */
export function alarmName({ gateway, id }: { gateway: string; id: string }): string {
  return JSON.stringify([gateway, id]);
}

function transitionText(alarm: AlarmRow): string {
  const { gateway: _gateway, receivedAtMs: _receivedAtMs, ...transition } = alarm;
  return JSON.stringify(transition);
}

function numbered({ serial, gateway, received_at: receivedAt, transition }: Row): NumberedAlarm {
  return {
    serial: Number(serial),
    alarm: { gateway, receivedAtMs: Number(receivedAt), ...transition },
  };
}
