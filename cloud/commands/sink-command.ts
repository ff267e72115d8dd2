/** `penstock-cloud sink`: the cloud consumer, until it is told to stop. */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { EXIT } from "#config/exit.ts";
import { loadSink } from "#config/load-config.ts";
import { systemClock } from "#core/clock.ts";
import { createLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { Sink } from "../cloud.ts";

const SINK_HELP = `Reads the hub, and keeps rollups.

  sink --config FILE [--json]

The first line on standard output says where the API listens; with --json as {"listening":"…"}.
Ends on SIGTERM or SIGINT, when the running transaction is done.
`;

export interface SinkCommand {
  /** What follows `sink` on the command line. */
  args: readonly string[];
  signal: AbortSignal;
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown };
}

/** Gives the exit code. Rejects with a PenstockError when the sink cannot start. */
export async function runSink(command: SinkCommand): Promise<number> {
  const { values } = parseArgs({
    args: [...command.args],
    options: {
      config: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help || values.config === undefined) {
    (values.help ? command.stdout : command.stderr).write(SINK_HELP);
    return values.help ? EXIT.fine : EXIT.misuse;
  }
  const settings = loadSink(values.config);
  const log = createLogger("sink", settings.log);
  const fatal = Promise.withResolvers<never>();
  const sink = new Sink({
    settings,
    clock: systemClock,
    random: createRandom(randomInt(2 ** 32)),
    log,
    onFatal: fatal.reject,
  });
  await sink.start();
  const listening = sink.address;
  command.stdout.write(
    values.json ? `${JSON.stringify({ listening })}\n` : `The sink listens on ${listening}\n`,
  );
  await Promise.race([aborted(command.signal), fatal.promise]);
  log.info("stopping");
  await sink.stop();
  return EXIT.fine;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
