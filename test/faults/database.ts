/** The PostgreSQL server that two sinks share. */
import { PostgresServer } from "#test/support/postgres.ts";
import type { SharedDatabase } from "./rig.ts";

export interface OwnDatabase extends SharedDatabase {
  remove(): Promise<void>;
  /** For the very last moment: ends it without waiting. */
  destroy(): void;
}

const START_TRIES = 5;

export async function startDatabase(): Promise<OwnDatabase> {
  const server = await PostgresServer.start();
  const url = await server.emptyDatabase();
  return {
    url,
    halt: (signal) => server.halt(signal),
    resume: () => resumeAtLast(server),
    remove: () => server.remove(),
    destroy: () => {
      if (server.isRunning) process.kill(server.pid, "SIGQUIT");
    },
  };
}

/** A server that crashed may find its port, or its lock, still taken for a moment. */
async function resumeAtLast(server: PostgresServer): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await server.resume();
      return;
    } catch (error) {
      if (tries === START_TRIES) throw error;
    }
  }
}
