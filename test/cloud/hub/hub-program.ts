/** The hub as a process of its own, for tests that kill it. */
import { runHub } from "#cloud/hub/command.ts";
import { systemClock } from "#core/clock.ts";
import { createLogger } from "#core/log.ts";

const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());
process.exitCode = await runHub({
  args: process.argv.slice(2),
  signal: stop.signal,
  stdout: process.stdout,
  stderr: process.stderr,
  log: createLogger("hub", "warn"),
  clock: systemClock,
  pid: process.pid,
});
