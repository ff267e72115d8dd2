/** The alarms of a sink's file, for a command that looks at them, or has something done to them. */
import { randomInt } from "node:crypto";
import { NOTE_OPTION, whoAsks } from "#config/command-line/alarm-options.ts";
import type { CommandIo } from "#config/command-line/command.ts";
import { loadSink } from "#config/loading/load-sink.ts";
import type { SinkSettings } from "#config/sink.ts";
import { systemClock } from "#core/clock.ts";
import { createLogger, type Logger, RateLimitedLog } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import type { AlarmAccess } from "../store/desk-contract.ts";
import { PostgresAlarmAccess } from "../store/postgres/alarm-access.ts";
import { Database } from "../store/postgres/database.ts";
import { SqliteAlarmAccess } from "../store/sqlite/alarm-access.ts";
import { openBeside } from "../store/sqlite/database.ts";

export const WHOM_OPTIONS = {
  ...NOTE_OPTION,
  by: { type: "string", value: "NAME", means: "who; the user of this session if left out" },
} as const;

const NAME_LENGTH_MAX = 128;

/**
 * Whether a sink runs or not: it is not disturbed.
 * @throws PenstockError STORE_FAILED, STORE_VERSION_UNKNOWN
 */
export async function withAlarms<T>(
  file: string,
  work: (access: AlarmAccess) => Promise<T>,
): Promise<T> {
  const settings = loadSink(file);
  // What the database has to say besides would stand between the results.
  const log = createLogger("alarm", "error");
  const alarms = openAlarms(settings, log);
  try {
    return await work(alarms.access);
  } finally {
    await alarms.close();
  }
}

function openAlarms(
  { store }: SinkSettings,
  log: Logger,
): { access: AlarmAccess; close: () => Promise<void> } {
  if ("sqlite" in store) {
    const db = openBeside(store.sqlite);
    return { access: new SqliteAlarmAccess(db), close: async () => db.close() };
  }
  const clock = systemClock;
  const database = new Database({
    url: store.postgres,
    clock,
    random: createRandom(randomInt(2 ** 32)),
    log: new RateLimitedLog(log, clock),
  });
  return { access: new PostgresAlarmAccess(database), close: () => database.stop() };
}

/** Who has it done: the name that is given, or that of this session's user. */
export function whoOf(by: string | undefined, io: Pick<CommandIo, "env">): string {
  return by === undefined ? whoAsks(io) : by.slice(0, NAME_LENGTH_MAX);
}
