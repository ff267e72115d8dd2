/** The simulator's command line. Results go to standard output, messages to standard error. */
import { systemClock } from "#core/clock.ts";
import { isAbort, messageOf } from "#core/errors.ts";
import { createLogger } from "#core/log.ts";
import { type CommandLine, HELP, parseCommandLine } from "./command-line.ts";
import type { LedgerWriter } from "./ledger/contract.ts";
import { Simulator } from "./simulator.ts";

const EXIT = { fine: 0, failed: 1, misuse: 2 } as const;
const QUIESCE_MS = 10_000;

/** Alone, the simulator keeps no ledger: its statistics say what was sent and acknowledged. */
const noLedger: LedgerWriter = { sent() {}, acknowledged() {}, served() {} };

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseCommandLine(args);
  switch (parsed.kind) {
    case "help":
      process.stdout.write(HELP);
      return EXIT.fine;
    case "misuse":
      process.stderr.write(`${parsed.message}\nSee --help.\n`);
      return EXIT.misuse;
    case "run":
      return await run(parsed.line);
  }
}

async function run(line: CommandLine): Promise<number> {
  const log = createLogger("penstock-sim", "info");
  const simulator = new Simulator(line.settings, { ledger: noLedger, clock: systemClock, log });
  const print = (result: object): void => {
    const text = line.isJson ? JSON.stringify(result) : JSON.stringify(result, undefined, 2);
    process.stdout.write(`${text}\n`);
  };
  print(await simulator.start());
  for (const [unitId, fault] of line.unitFaults) simulator.setModbusFault(unitId, fault);
  await untilEnd(line.seconds);
  const unacknowledged = await simulator.quiesce(QUIESCE_MS);
  await simulator.stop();
  print({ ...simulator.stats(), labels: simulator.faultLabels() });
  return unacknowledged === 0 ? EXIT.fine : EXIT.failed;
}

/** Resolves after `seconds`, or at the first signal to end. */
async function untilEnd(seconds: number | undefined): Promise<void> {
  const signalled = new AbortController();
  const stop = (): void => signalled.abort();
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  const waitMs = seconds === undefined ? 2 ** 31 - 1 : seconds * 1000;
  try {
    await systemClock.sleep(waitMs, { name: "run time", signal: signalled.signal });
  } catch (error) {
    if (!isAbort(error)) throw error;
  } finally {
    process.off("SIGTERM", stop);
    process.off("SIGINT", stop);
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`penstock-sim: ${messageOf(error)}\n`);
  process.exitCode = EXIT.failed;
}
