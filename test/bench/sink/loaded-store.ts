/** The store that a benchmark loads, with what its database costs besides. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "#cloud/store/contract.ts";
import { PostgresStore } from "#cloud/store/postgres/postgres-store.ts";
import { SqliteStore } from "#cloud/store/sqlite/sqlite-store.ts";
import { systemClock } from "#core/clock.ts";
import { systemCodeOf } from "#core/errors.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { sampleProcess } from "#sim/programs/process-usage.ts";
import { PostgresServer } from "#test/support/postgres.ts";

const FOLD_EVERY_MS = 5000;

export interface LoadedStore {
  store: Store;
  /** CPU time of the database's own processes; 0 where it is part of this one. */
  databaseCpuSeconds(): Promise<number>;
  remove(): Promise<void>;
}

export async function loadedStore(kind: string): Promise<LoadedStore> {
  if (kind === "sqlite") return sqliteStore();
  if (kind === "postgres") return postgresStore();
  throw new RangeError(`--store is sqlite or postgres, not ${kind}`);
}

async function sqliteStore(): Promise<LoadedStore> {
  const folder = await mkdtemp(join(tmpdir(), "penstock-bench-"));
  const store = new SqliteStore({
    folder,
    foldEveryMs: FOLD_EVERY_MS,
    clock: systemClock,
    log: silentLogger,
  });
  await store.start();
  return {
    store,
    databaseCpuSeconds: () => Promise.resolve(0),
    remove: async () => {
      await store.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A server of the benchmark's own, which waits for its disk as in production. */
async function postgresStore(): Promise<LoadedStore> {
  const server = await PostgresServer.start({ fsync: true });
  const store = new PostgresStore({
    url: await server.emptyDatabase(),
    name: "bench",
    foldEveryMs: FOLD_EVERY_MS,
    clock: systemClock,
    random: createRandom(1),
    log: silentLogger,
  });
  await store.start();
  return {
    store,
    databaseCpuSeconds: async () => familyCpuSeconds(server.pid),
    remove: async () => {
      await store.stop();
      await server.remove();
    },
  };
}

/** Of a process and the children that live. */
async function familyCpuSeconds(pid: number): Promise<number> {
  let seconds = sampleProcess(pid)?.cpuSeconds ?? 0;
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name) || (await parentOf(name)) !== pid) continue;
    seconds += sampleProcess(Number(name))?.cpuSeconds ?? 0;
  }
  return seconds;
}

async function parentOf(pid: string): Promise<number | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    return Number(/PPid:\s+(\d+)/.exec(status)?.[1]);
  } catch (error) {
    // It ended meanwhile.
    if (systemCodeOf(error) === "ENOENT" || systemCodeOf(error) === "ESRCH") return undefined;
    throw error;
  }
}
