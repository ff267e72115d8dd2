/** The cloud side's command line: signals, exit codes, and which command runs. */
import { type Command, dispatch } from "#config/dispatch.ts";
import { systemClock } from "#core/clock.ts";
import { createLogger } from "#core/log.ts";
import { runSink } from "./commands/sink-command.ts";
import { runHub } from "./hub/command.ts";

const HELP = `Penstock's cloud side.

  sink --config FILE   reads the hub, keeps rollups, answers queries
  hub                  the embedded hub, for a machine without Event Hubs

COMMAND --help tells more. Exit codes: 0 fine, 1 failed, 2 misuse, 78 bad configuration.
`;

const { stdout, stderr, pid } = process;

const COMMANDS: Readonly<Record<string, Command>> = {
  sink: async (args) => runSink({ args, signal: askedToEnd(), stdout, stderr }),
  hub: async (args) => {
    const log = createLogger("hub", process.env["PENSTOCK_LOG"] ?? "info");
    const signal = askedToEnd();
    return runHub({ args, signal, stdout, stderr, log, clock: systemClock, pid });
  },
};

/** Fires when the program is asked to end. */
function askedToEnd(): AbortSignal {
  const abort = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => abort.abort());
  return abort.signal;
}

process.exitCode = await dispatch(process.argv.slice(2), {
  commands: COMMANDS,
  help: HELP,
  stdout,
  stderr,
});
