/** The simulator's command line. Results go to standard output, messages to standard error. */
import { endSignal } from "#config/command-line/end-signal.ts";
import { systemClock } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import { createLogger } from "#core/log.ts";
import { type CommandLine, HELP, parseCommandLine } from "./command-line.ts";
import { modbusCommand } from "./commands/modbus.ts";
import { noLedger } from "./ledger/no-ledger.ts";
import { sleepUnless } from "./run-time.ts";
import { Simulator } from "./simulator.ts";

const EXIT = { fine: 0, failed: 1, misuse: 2 } as const;

async function main(args: readonly string[]): Promise<number> {
  if (args[0] === "modbus") return await modbusCommand(args.slice(1));
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
  // Before the first line of output: whoever reads it may already send a signal.
  const signalled = endSignal();
  print(await simulator.start());
  for (const [unitId, fault] of line.unitFaults) simulator.setModbusFault(unitId, fault);
  if (line.lineFault) await simulator.setSerialFault(line.lineFault);
  await sleepUnless(signalled, line.seconds);
  const unacknowledged = await simulator.quiesce(line.drainSeconds * 1000);
  await simulator.stop();
  print({ ...simulator.stats(), labels: simulator.faultLabels() });
  return unacknowledged === 0 ? EXIT.fine : EXIT.failed;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`penstock-sim: ${messageOf(error)}\n`);
  process.exitCode = EXIT.failed;
}
