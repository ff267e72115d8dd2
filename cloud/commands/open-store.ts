/** The store of a sink's file, for a command that works on it and ends. */
import { randomInt } from "node:crypto";
import { wholeIn } from "#config/command-line/number-option.ts";
import { loadSink } from "#config/loading/load-sink.ts";
import { systemClock } from "#core/clock.ts";
import { createLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { makeStore } from "../cloud.ts";
import type { DeadLetterFilter, Store } from "../store/contract.ts";
import { CONFIG_OPTION } from "./config-file.ts";

export const DEAD_LETTER_OPTIONS = {
  ...CONFIG_OPTION,
  code: { type: "string", value: "CODE", means: "only those put aside for this cause" },
  id: { type: "string", value: "N", means: "only this one" },
} as const;

export interface DeadLetterValues {
  config?: string | undefined;
  code?: string | undefined;
  id?: string | undefined;
}

/**
 * Runs `work` on the started store. On SQLite no sink may run meanwhile.
 * @throws PenstockError STORE_LOCKED, STORE_VERSION_UNKNOWN, STORE_FAILED
 */
export async function withStore<T>(file: string, work: (store: Store) => Promise<T>): Promise<T> {
  const settings = loadSink(file);
  // What the store has to say besides would stand between the results.
  const log = createLogger("dead-letters", "error");
  const random = createRandom(randomInt(2 ** 32));
  const store = makeStore({ settings, clock: systemClock, random, log });
  await store.start();
  try {
    return await work(store);
  } finally {
    await store.stop();
  }
}

export function filterOf({ code, id }: DeadLetterValues): DeadLetterFilter {
  if (id === undefined) return { code };
  return { code, id: wholeIn("id", id, 0, Number.MAX_SAFE_INTEGER) };
}
