/** `npm run faults`. Results go to standard output, messages and progress to standard error. */
import { randomInt } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { systemClock } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import { createRandom } from "#core/random.ts";
import { abilities, choosePossible } from "./abilities.ts";
import { type FaultsOptions, HELP, parseCommandLine } from "./command-line.ts";
import { startDatabase } from "./database.ts";
import { faultKinds } from "./fault-kind.ts";
import { complaints, isGood, outcomeJson } from "./outcome.ts";
import { pickRigPorts } from "./ports.ts";
import { ProvingRun } from "./proving-run.ts";

const EXIT = { fine: 0, failed: 1, misuse: 2, interrupted: 130 } as const;

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseCommandLine(args);
  switch (parsed.kind) {
    case "help":
      process.stdout.write(HELP);
      return EXIT.fine;
    case "list":
      process.stdout.write(`${faultKinds.map((kind) => kind.name).join("\n")}\n`);
      return EXIT.fine;
    case "misuse":
      return misuse(parsed.message);
    case "run":
      return await prepareAndRun(parsed.options, args);
  }
}

function misuse(message: string): number {
  process.stderr.write(`${message}\nSee --help.\n`);
  return EXIT.misuse;
}

async function prepareAndRun(options: FaultsOptions, args: readonly string[]): Promise<number> {
  const { dataDir } = options;
  if (dataDir === undefined) {
    const ownDir = await mkdtemp(join(tmpdir(), "penstock-faults-"));
    const code = await run(options, args, ownDir);
    if (code === EXIT.fine) await rm(ownDir, { recursive: true, force: true });
    else process.stderr.write(`The run's data and logs are kept in ${ownDir}\n`);
    return code;
  }
  const keptDir = resolve(dataDir);
  await mkdir(keptDir, { recursive: true });
  // An earlier run's readings would be foreign to this run's books.
  if ((await readdir(keptDir)).length > 0) {
    return misuse(`--data ${dataDir}: the folder is not empty`);
  }
  return await run(options, args, keptDir);
}

async function run(
  options: FaultsOptions,
  args: readonly string[],
  folder: string,
): Promise<number> {
  const startMs = systemClock.monotonic();
  const say = (text: string): void => {
    const seconds = Math.round((systemClock.monotonic() - startMs) / 1000);
    process.stderr.write(`${String(seconds).padStart(5)} s  ${text}\n`);
  };
  const command = `npm run faults -- ${args.join(" ")}`;
  const notice = options.isQuiet ? (): void => {} : say;
  // Not of the run's seed: two runs at once would look for the same ports.
  const ports = await pickRigPorts(createRandom(randomInt(2 ** 32)));
  const { kinds, notes } = choosePossible(options.kinds, abilities(options.store));
  for (const note of notes) say(note);
  const database = options.store === "postgres" ? await startDatabase() : undefined;
  const provingRun = new ProvingRun(
    { ...options, kinds },
    { clock: systemClock, folder, ports, database, notice, command },
  );
  // Covers every way out of this process but its own kill -9, which the programs notice themselves.
  process.on("exit", () => {
    provingRun.destroy();
    database?.destroy();
  });
  try {
    const outcome = await provingRun.run(finishOnSignal(say));
    process.stdout.write(`${outcomeJson(outcome)}\n`);
    for (const complaint of complaints(outcome)) say(complaint);
    if (isGood(outcome)) return EXIT.fine;
    say(`again: ${command}`);
    return EXIT.failed;
  } finally {
    await provingRun.stop();
    await database?.remove();
  }
}

/** The first signal ends the storm, the second one everything. */
function finishOnSignal(say: (text: string) => void): AbortSignal {
  const finish = new AbortController();
  const signalled = (): void => {
    if (finish.signal.aborted) process.exit(EXIT.interrupted);
    say("Ending: the storm heals, then everything drains. Once more ends at once.");
    finish.abort();
  };
  process.on("SIGINT", signalled);
  process.on("SIGTERM", signalled);
  return finish.signal;
}

let code: number;
try {
  code = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  code = EXIT.failed;
}
// Ended on purpose: a request to a program that was killed may never come back, and Node 24, left to
// its own clean-up, then spins in it for ever.
process.exit(code);
