/** `support-bundle`: one file with all that somebody who helps will ask for, without secrets. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { arch, release, totalmem } from "node:os";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { type ControlClient, findAgent } from "#agent/control/control-client.ts";
import { declareCommand, Misuse } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { versionText } from "#config/command-line/version.ts";
import { ConfigError } from "#config/faults/faults.ts";
import { byPath, flatSettings } from "#config/loading/flat-settings.ts";
import {
  type LoadedGateway,
  loadGatewayFiles,
  whereaboutsOf,
} from "#config/loading/load-config.ts";
import type { Path } from "#config/yaml/yaml-tree.ts";
import { systemClock } from "#core/clock.ts";
import { messageOf, systemCodeOf } from "#core/errors.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import { examine } from "./doctor.ts";
import { listPorts } from "./serial-ports.ts";

const LOG_LINES = 2000;
const LOG_BYTES_MAX = 16 * 1024 * 1024;
/** Shorter values are words that stand elsewhere, too. */
const SECRET_LENGTH_MIN = 4;
const ROUTES = ["GET /status", "GET /values", "GET /alarms", "GET /config"];

export const supportBundleCommand = declareCommand({
  name: "support-bundle",
  operands: "[FILE]",
  operandCount: [0, 1],
  summary: "writes one file for whoever helps: status, configuration, findings, log; no secrets",
  description: `The file is JSON, compressed with gzip: zcat FILE | jq. Look at it before you send it: names of devices,
addresses and values are in it.`,
  options: { ...CONFIG_OPTION },
  examples: [
    { line: "penstock support-bundle", does: "writes penstock-support-DATE.json.gz" },
    { line: "penstock support-bundle /tmp/gateway-7.json.gz", does: "under a name of yours" },
  ],
  run: async ({ values, operands, io }) => {
    const file = configFileOf(values.config, io.env);
    const day = new Date(systemClock.now()).toISOString().slice(0, 19).replaceAll(":", "");
    const target = operands[0] ?? `penstock-support-${day}.json.gz`;
    const loaded = attempt(() => loadGatewayFiles(file));
    const agent = await findAgent(whereaboutsOf(file).bufferPath);
    const bundle = {
      madeAt: new Date(systemClock.now()).toISOString(),
      penstock: versionText(),
      machine: { release: release(), arch: arch(), memory: totalmem() },
      ports: listPorts(),
      configuration: isLoaded(loaded)
        ? byPath(flatSettings(loaded.settings, loaded.secrets))
        : loaded,
      findings: isLoaded(loaded) ? await examine(loaded.settings) : [],
      agent: await answersOf(agent),
      log: await logLines(),
    };
    const text = withoutSecrets(JSON.stringify(bundle), isLoaded(loaded) ? loaded : undefined);
    write(target, gzipSync(text));
    io.stderr.write(`Wrote ${target}. Look at it before you send it: zcat ${target} | jq\n`);
    return EXIT.fine;
  },
});

/** @throws Misuse where it cannot be written */
function write(target: string, bundle: Uint8Array): void {
  try {
    writeFileSync(target, bundle, { mode: 0o600 });
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    throw new Misuse(messageOf(error));
  }
}

type Faulty = { faults: readonly string[] };

function attempt(load: () => LoadedGateway): LoadedGateway | Faulty {
  try {
    return load();
  } catch (error) {
    if (error instanceof ConfigError) return { faults: error.message.split("\n") };
    throw error;
  }
}

function isLoaded(loaded: LoadedGateway | Faulty): loaded is LoadedGateway {
  return "settings" in loaded;
}

/** What cannot be had is said in its place: a bundle is made of what there is. */
async function answersOf(agent: ControlClient | undefined): Promise<Record<string, unknown>> {
  if (!agent) return { running: false };
  const answers = ROUTES.map(async (route): Promise<[string, unknown]> => {
    try {
      return [route, await agent.ask<unknown>(route)];
    } catch (error) {
      return [route, { error: messageOf(error) }];
    }
  });
  return { running: true, ...Object.fromEntries(await Promise.all(answers)) };
}

async function logLines(): Promise<string[] | { error: string }> {
  const journal = ["--unit", "penstock", "--lines", String(LOG_LINES), "--no-pager", "--quiet"];
  try {
    const { stdout } = await promisify(execFile)("journalctl", journal, {
      maxBuffer: LOG_BYTES_MAX,
    });
    return stdout.split("\n");
  } catch (error) {
    return { error: messageOf(error) };
  }
}

/** A secret may also have come into a message: its value is taken out wherever it stands. */
function withoutSecrets(text: string, loaded: LoadedGateway | undefined): string {
  if (!loaded) return text;
  let clean = text;
  for (const path of loaded.secrets) {
    const value = valueAt(loaded.settings, path);
    if (typeof value !== "string" || value.length < SECRET_LENGTH_MIN) continue;
    const parts = [value, ...value.split(";").filter((part) => /key=/i.test(part))];
    for (const part of parts)
      clean = clean.replaceAll(JSON.stringify(part).slice(1, -1), "(secret)");
  }
  return clean;
}

function valueAt(settings: unknown, path: Path): unknown {
  let value = settings;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}
