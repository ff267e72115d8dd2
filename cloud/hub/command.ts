/**
 * `penstock-cloud hub`: runs the embedded hub until it is told to stop. The first line on standard
 * output is the connection string (or, with --json, an object that holds it); everything else that it
 * says goes to the log.
 */
import type { Clock } from "#core/clock.ts";
import type { Logger } from "#core/log.ts";
import { readAccessPolicies } from "./access/access-keys.ts";
import { HUB_HELP, readHubArguments } from "./arguments.ts";
import { Hub, type HubOptions } from "./hub.ts";

export interface HubCommand {
  /** What follows `hub` on the command line. */
  args: readonly string[];
  /** Ends the hub. */
  signal: AbortSignal;
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown };
  log: Logger;
  clock: Clock;
  pid: number;
}

const MISUSE = 2;

/** Runs the hub; gives the exit code. Rejects with a `PenstockError` when it cannot start. */
export async function runHub(command: HubCommand): Promise<number> {
  const parsed = readHubArguments(command.args);
  if (parsed.kind === "help") {
    command.stdout.write(HUB_HELP);
    return 0;
  }
  if (parsed.kind === "misuse") {
    command.stderr.write(`${parsed.message}\n`);
    return MISUSE;
  }
  const { settings } = parsed;
  const options: HubOptions = {
    clock: command.clock,
    log: command.log,
    dataDir: settings.dataDir,
    host: settings.host,
    port: settings.port,
    hubs: [
      { name: settings.hub, partitions: settings.partitions, consumerGroups: settings.groups },
    ],
  };
  if (settings.keysFile !== undefined) options.keys = readAccessPolicies(settings.keysFile);
  const hub = new Hub(options);
  const { port } = await hub.start();
  const connectionString = hub.connectionString(settings.hub);
  const line = settings.json
    ? JSON.stringify({ connectionString, port, pid: command.pid })
    : connectionString;
  command.stdout.write(`${line}\n`);
  await aborted(command.signal);
  await hub.stop();
  return 0;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
