/** `penstock-cloud sink`: the cloud consumer, until it is told to stop. */
import { randomInt } from "node:crypto";
import path from "node:path";
import { type CommandIo, declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { loadSink } from "#config/loading/load-sink.ts";
import { systemClock } from "#core/clock.ts";
import { isAbort } from "#core/errors.ts";
import { createLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { Sink } from "../cloud.ts";
import { CONFIG_OPTION, configFileOf } from "./config-file.ts";

export const sinkCommand = declareCommand({
  name: "sink",
  summary: "reads the hub, keeps rollups, answers queries",
  description: `The first line on standard output says where the API listens; with --json as {"listening":"…"}.
Ends on SIGTERM or SIGINT, when the running transaction is done.`,
  options: {
    ...CONFIG_OPTION,
    ...JSON_OPTION,
  },
  examples: [{ line: "penstock-cloud sink --config sink.yaml", does: "runs in the foreground" }],
  run: ({ values, io }) => runSink(configFileOf(values.config, io.env), values.json, io),
});

/** Gives the exit code. Rejects with a PenstockError when the sink cannot start. */
async function runSink(file: string, json: boolean, io: CommandIo): Promise<number> {
  const settings = loadSink(file);
  const log = createLogger("sink", settings.log);
  const fatal = Promise.withResolvers<never>();
  const sink = new Sink({
    settings,
    file: path.resolve(file),
    clock: systemClock,
    random: createRandom(randomInt(2 ** 32)),
    log,
    onFatal: fatal.reject,
  });
  try {
    await sink.start(io.signal);
  } catch (error) {
    if (io.signal.aborted && isAbort(error)) return EXIT.fine;
    throw error;
  }
  const listening = sink.address;
  io.stdout.write(
    json ? `${JSON.stringify({ listening })}\n` : `The sink listens on ${listening}\n`,
  );
  await Promise.race([aborted(io.signal), fatal.promise]);
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
