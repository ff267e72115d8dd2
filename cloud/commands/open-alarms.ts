/** The alarms of a sink's file, for a command that looks at them, or has something done to them. */
import { randomInt } from "node:crypto";
import { userInfo } from "node:os";
import { type CommandIo, Misuse } from "#config/command-line/command.ts";
import { loadSink } from "#config/loading/load-sink.ts";
import type { SinkSettings } from "#config/sink.ts";
import { duration } from "#config/units.ts";
import { systemClock } from "#core/clock.ts";
import { createLogger, type Logger, RateLimitedLog } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import type { AlarmAccess } from "../store/desk-contract.ts";
import { PostgresAlarmAccess } from "../store/postgres/alarm-access.ts";
import { Database } from "../store/postgres/database.ts";
import { SqliteAlarmAccess } from "../store/sqlite/alarm-access.ts";
import { openBeside } from "../store/sqlite/database.ts";

export const CONFIG_OPTION = {
  config: { type: "string", value: "FILE", means: "the sink's file" },
} as const;

export const WHOM_OPTIONS = {
  note: { type: "string", value: "TEXT", default: "", means: "why: it stands in the journal" },
  by: { type: "string", value: "NAME", means: "who; the user of this session if left out" },
} as const;

/**
 * Whether a sink runs or not: it is not disturbed.
 * @throws PenstockError STORE_FAILED, STORE_VERSION_UNKNOWN
 */
export async function withAlarms<T>(
  file: string | undefined,
  work: (access: AlarmAccess) => Promise<T>,
): Promise<T> {
  if (file === undefined) throw new Misuse("Which sink's file? Give --config FILE.");
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

/** Behind `sudo`, the person and not root. */
export function whoOf(by: string | undefined, { env }: Pick<CommandIo, "env">): string {
  return (by ?? env["SUDO_USER"] ?? userInfo().username).slice(0, 128);
}

/** @throws Misuse for what is no duration */
export function durationIn(text: string | undefined, option: string): number {
  if (text === undefined) throw new Misuse(`--${option} is needed, such as --${option} 2h`);
  const parsed = duration.safeParse(text);
  if (parsed.success && parsed.data > 0) return parsed.data;
  throw new Misuse(`--${option} is a duration such as 30m or 2h: not "${text}"`);
}

/** What strangers sent reaches the terminal as text, never as a command. */
export function plain(text: string): string {
  return text.replaceAll(/\p{C}/gu, "?");
}
