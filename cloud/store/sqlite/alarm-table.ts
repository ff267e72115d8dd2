/** Transitions of alarms, of gateways and of the sink's own, numbered as they came. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { AlarmTransition } from "#core/alarm.ts";
import { type AlarmBounds, GOING_FOR_EACH } from "../alarm-bounds.ts";
import type { AlarmRow } from "../alarm-row.ts";
import type { NumberedAlarm } from "../desk-contract.ts";

export class AlarmTable {
  readonly #bounds: AlarmBounds;
  readonly #insert: StatementSync;
  readonly #trim: StatementSync;
  readonly #countGivenUp: StatementSync;
  readonly #selectNewest: StatementSync;
  readonly #selectAfter: StatementSync;

  constructor(db: DatabaseSync, bounds: AlarmBounds) {
    this.#bounds = bounds;
    this.#insert = db.prepare(
      `INSERT INTO alarm (gateway, id, received_at, transition) VALUES (?, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
    );
    this.#trim = db.prepare(
      `DELETE FROM alarm WHERE serial IN (
         SELECT serial FROM alarm WHERE serial <= max(min(?, (SELECT cursor FROM desk)), ?)
         ORDER BY serial LIMIT ${GOING_FOR_EACH})
       RETURNING serial > (SELECT cursor FROM desk) AS is_given_up`,
    );
    this.#countGivenUp = db.prepare("UPDATE alarm_loss SET given_up = given_up + ?");
    this.#selectNewest = db.prepare(
      "SELECT serial, gateway, received_at, transition FROM alarm ORDER BY serial DESC LIMIT ?",
    );
    this.#selectAfter = db.prepare(
      `SELECT serial, gateway, received_at, transition FROM alarm WHERE serial > ?
       ORDER BY serial LIMIT ?`,
    );
  }

  /** Within a transaction. False when the transition is known. */
  add(alarm: AlarmRow): boolean {
    const { gateway, receivedAtMs, ...transition } = alarm;
    const { changes, lastInsertRowid } = this.#insert.run(
      gateway,
      alarm.id,
      Math.trunc(receivedAtMs),
      JSON.stringify(transition),
    );
    if (Number(changes) === 0) return false;
    const { takenIn, waiting } = this.#bounds;
    const newest = Number(lastInsertRowid);
    const gone = this.#trim.all(newest - takenIn, newest - waiting);
    const givenUp = gone.filter((row) => row["is_given_up"] === 1).length;
    if (givenUp > 0) this.#countGivenUp.run(givenUp);
    return true;
  }

  newest(limit: number): AlarmRow[] {
    return this.#selectNewest.all(limit).map((row) => numbered(row).alarm);
  }

  after(serial: number, limit: number): NumberedAlarm[] {
    return this.#selectAfter.all(serial, limit).map(numbered);
  }
}

function numbered(row: Record<string, unknown>): NumberedAlarm {
  const transition: AlarmTransition = JSON.parse(String(row["transition"]));
  const gateway = String(row["gateway"]);
  const receivedAtMs = Number(row["received_at"]);
  return { serial: Number(row["serial"]), alarm: { gateway, receivedAtMs, ...transition } };
}
