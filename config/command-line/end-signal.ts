/** When a program has to end. */
import { systemCodeOf } from "#core/errors.ts";

/**
 * Fires at the first SIGTERM or SIGINT, and when nobody reads the results any more, as behind
 * `| head`: that is no failure. A second signal ends the process at once, as ever.
 */
export function endSignal(): AbortSignal {
  const ending = new AbortController();
  const end = (): void => {
    process.off("SIGTERM", end);
    process.off("SIGINT", end);
    ending.abort();
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error) => {
      if (systemCodeOf(error) !== "EPIPE") throw error;
      end();
    });
  }
  return ending.signal;
}
