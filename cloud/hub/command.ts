/**
 * `penstock-cloud hub`: runs the embedded hub until it is told to stop, or asks one that runs. The
 * first line on standard output is the connection string (or, with --json, an object that holds it);
 * everything else that a running hub says goes to the log.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "#core/clock.ts";
import { PenstockError } from "#core/errors.ts";
import { HttpServer } from "#core/http/server.ts";
import type { Logger } from "#core/log.ts";
import { readAccessPolicies } from "./access/access-keys.ts";
import { askHub } from "./admin-client.ts";
import { AdminSocket } from "./admin-socket.ts";
import { HUB_HELP, type HubArguments, type HubSettings, readHubArguments } from "./arguments.ts";
import { Hub, type HubOptions } from "./hub.ts";
import { metricsOf } from "./hub-metrics.ts";
import type { BrokerStat } from "./hub-stat.ts";
import type { TlsFiles } from "./listener.ts";
import { renderStat } from "./stat-table.ts";

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

const FINE = 0;
const FAILED = 1;
const MISUSE = 2;

/** Runs the command; gives the exit code. Rejects with a `PenstockError` when the hub cannot start. */
export async function runHub(command: HubCommand): Promise<number> {
  const parsed = readHubArguments(command.args);
  switch (parsed.kind) {
    case "help":
      command.stdout.write(HUB_HELP);
      return FINE;
    case "misuse":
      command.stderr.write(`${parsed.message}\n`);
      return MISUSE;
    case "stat":
      return showStat(command, parsed);
    case "fault":
      return askFault(command, parsed);
    case "run":
      return serve(command, parsed.settings);
    default:
      return parsed satisfies never;
  }
}

async function showStat(
  command: HubCommand,
  { dataDir, json }: Extract<HubArguments, { kind: "stat" }>,
): Promise<number> {
  const { ok, text } = await askHub(dataDir, "GET", "/stat");
  if (!ok) {
    command.stderr.write(`${text}\n`);
    return FAILED;
  }
  // The hub that answers is this program, so the form is known.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  command.stdout.write(json ? `${text}\n` : renderStat(JSON.parse(text) as BrokerStat));
  return FINE;
}

async function askFault(
  command: HubCommand,
  { dataDir, name, values }: Extract<HubArguments, { kind: "fault" }>,
): Promise<number> {
  const query = new URLSearchParams(values).toString();
  const path = `/fault/${encodeURIComponent(name)}?${query}`;
  const { ok, text } = await askHub(dataDir, "POST", path);
  (ok ? command.stdout : command.stderr).write(`${text.trimEnd()}\n`);
  return ok ? FINE : MISUSE;
}

async function serve(command: HubCommand, settings: HubSettings): Promise<number> {
  const { log, signal, stdout, pid } = command;
  const hub = new Hub(hubOptions(command, settings));
  const admin = new AdminSocket(hub, settings.dataDir, log);
  const metrics = settings.metrics && metricsServer(hub, settings.metrics, log);
  const { port } = await hub.start();
  try {
    await admin.start();
    await metrics?.start();
    const connectionString = hub.connectionString(settings.hub);
    const line = settings.json ? JSON.stringify({ connectionString, port, pid }) : connectionString;
    stdout.write(`${line}\n`);
    await aborted(signal);
  } finally {
    await metrics?.stop();
    await admin.stop();
    await hub.stop();
  }
  return FINE;
}

function hubOptions({ clock, log }: HubCommand, settings: HubSettings): HubOptions {
  const { dataDir, host, port, hub, partitions, groups, keysFile, tlsDir } = settings;
  const options: HubOptions = {
    clock,
    log,
    dataDir,
    host,
    port,
    hubs: [{ name: hub, partitions, consumerGroups: groups }],
    retention: { ageMsMax: settings.retentionMs, bytesMax: settings.retentionBytes },
  };
  if (keysFile !== undefined) options.keys = readAccessPolicies(keysFile);
  if (tlsDir !== undefined) options.tls = readTls(tlsDir);
  return options;
}

function readTls(folder: string): TlsFiles {
  try {
    const key = readFileSync(join(folder, "key.pem"));
    return { key, cert: readFileSync(join(folder, "cert.pem")) };
  } catch (cause) {
    const message = `The folder ${folder} must hold cert.pem and key.pem, readable for the hub.`;
    throw new PenstockError("CONFIG_INVALID", message, { cause });
  }
}

function metricsServer(hub: Hub, at: { host: string; port: number }, log: Logger): HttpServer {
  return new HttpServer({ ...at, log, routes: { "/metrics": async () => metricsOf(hub) } });
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
