/** `npm start`. Results go to standard output, messages and progress to standard error. */
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { systemClock } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import { createRandom } from "#core/random.ts";
import { type DemoOptions, HELP, parseCommandLine } from "./command-line.ts";
import { Demo } from "./demo.ts";
import { complaints, isGood, outcomeJson, outcomeText } from "./outcome.ts";
import { ProgressLine } from "./progress-line.ts";

const EXIT = { fine: 0, failed: 1, misuse: 2, interrupted: 130 } as const;

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseCommandLine(args);
  switch (parsed.kind) {
    case "help":
      process.stdout.write(HELP);
      return EXIT.fine;
    case "misuse":
      return misuse(parsed.message);
    case "run":
      return await prepareAndRun(parsed.options);
  }
}

function misuse(message: string): number {
  process.stderr.write(`${message}\nSee --help.\n`);
  return EXIT.misuse;
}

async function prepareAndRun(options: DemoOptions): Promise<number> {
  const { dataDir } = options;
  if (dataDir === undefined) {
    const ownDir = await mkdtemp(join(tmpdir(), "penstock-demo-"));
    const code = await run(options, ownDir);
    if (code === EXIT.fine) await rm(ownDir, { recursive: true, force: true });
    else process.stderr.write(`The run's data and logs are kept in ${ownDir}\n`);
    return code;
  }
  const keptDir = resolve(dataDir);
  await mkdir(keptDir, { recursive: true });
  // An earlier run's readings would be foreign to this run's books.
  if ((await readdir(keptDir)).length > 0)
    return misuse(`--data ${dataDir}: the folder is not empty`);
  return await run(options, keptDir);
}

async function run(options: DemoOptions, dataDir: string): Promise<number> {
  const progress = new ProgressLine({
    write: (text) => process.stderr.write(text),
    columns: process.stderr.isTTY ? process.stderr.columns : undefined,
    hasColour: process.stderr.isTTY && !process.env["NO_COLOR"],
  });
  const random = createRandom(options.seed);
  const demo = new Demo(options, { clock: systemClock, random, progress, dataDir });
  // Covers every way out of this process but its own kill -9, which the leash covers.
  process.on("exit", () => demo.destroy());
  try {
    const outcome = await demo.run(finishOnSignal(progress));
    const text = options.isJson ? outcomeJson(outcome) : outcomeText(outcome);
    process.stdout.write(`${text}\n`);
    for (const complaint of complaints(outcome)) progress.notice(complaint);
    return isGood(outcome) ? EXIT.fine : EXIT.failed;
  } finally {
    await demo.stop();
  }
}

/** The first signal ends the production, the second one everything. */
function finishOnSignal(progress: ProgressLine): AbortSignal {
  const finish = new AbortController();
  const signalled = (): void => {
    if (finish.signal.aborted) process.exit(EXIT.interrupted);
    progress.notice("Ending: draining what was produced. Once more ends at once.");
    finish.abort();
  };
  process.on("SIGINT", signalled);
  process.on("SIGTERM", signalled);
  return finish.signal;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  // What still waits for a program that will not come back must not keep this process.
  process.exit(EXIT.failed);
}
