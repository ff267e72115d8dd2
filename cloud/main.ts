/** The cloud side's command line: signals, exit codes, and which command runs. */
import { EXIT, reportFailure } from "#config/exit.ts";
import { systemClock } from "#core/clock.ts";
import { createLogger } from "#core/log.ts";
import { runSink } from "./commands/sink-command.ts";
import { runHub } from "./hub/command.ts";

const HELP = `Penstock's cloud side.

  sink --config FILE   reads the hub, keeps rollups, answers queries
  hub                  the embedded hub, for a machine without Event Hubs

COMMAND --help tells more. Exit codes: 0 fine, 1 failed, 2 misuse, 78 bad configuration.
`;

type Command = (args: readonly string[], signal: AbortSignal) => Promise<number>;

const { stdout, stderr, pid } = process;

const COMMANDS: Readonly<Record<string, Command>> = {
  sink: async (args, signal) => runSink({ args, signal, stdout, stderr }),
  hub: async (args, signal) => {
    const log = createLogger("hub", process.env["PENSTOCK_LOG"] ?? "info");
    return runHub({ args, signal, stdout, stderr, log, clock: systemClock, pid });
  },
};

async function main([name = "", ...args]: readonly string[]): Promise<number> {
  if (name === "--help" || name === "-h" || name === "help") {
    stdout.write(HELP);
    return EXIT.fine;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    stderr.write(name === "" ? HELP : `There is no command "${name}".\n\n${HELP}`);
    return EXIT.misuse;
  }
  const abort = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => abort.abort());
  try {
    return await command(args, abort.signal);
  } catch (error) {
    return reportFailure(error, stderr, HELP);
  }
}

process.exitCode = await main(process.argv.slice(2));
