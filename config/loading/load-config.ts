/**
 * Loads a gateway's configuration: all of it is right, or nothing is opened. Nothing but the file, its
 * secrets and the device templates that it names is read.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { systemCodeOf } from "#core/errors.ts";
import { checkGateway } from "../checks/gateway-checks.ts";
import { shiftAddresses } from "../gateway/modbus-address.ts";
import { type GatewaySettings, gatewaySchema } from "../gateway.ts";
import { parseYaml } from "../yaml/parse-yaml.ts";
import { mappingOf, textOf } from "../yaml/raw.ts";
import type { LoadedFile } from "./file-kind.ts";
import { type ConfigInput, folderOf, loadFile } from "./load-file.ts";
import { parseGateway } from "./parse-gateway.ts";
import { readSource } from "./read-source.ts";
import { secretSourcesIn } from "./secret-sources.ts";
import { expandTemplates } from "./template-expansion.ts";

export type { ConfigInput } from "./load-file.ts";

/** Beside the configuration: further files of it. */
const FRAGMENTS_FOLDER = "conf.d";

export interface LoadedGateway extends Omit<LoadedFile<GatewaySettings>, "data"> {
  /** All files that it was read from, but for templates. */
  readonly files: readonly string[];
}

/**
 * The gateway's settings, with its templates put in and all Modbus addresses counted from 1. Files
 * in `conf.d` beside the gateway's file belong to it.
 * @throws ConfigError CONFIG_UNREADABLE, CONFIG_INVALID
 */
export function loadGateway(
  input: ConfigInput,
  secrets = secretSourcesIn(folderOf(input)),
): GatewaySettings {
  return loadGatewayFiles(input, secrets).settings;
}

/**
 * As `loadGateway`, with where each value stands.
 * @throws ConfigError CONFIG_UNREADABLE, CONFIG_INVALID
 */
export function loadGatewayFiles(
  input: ConfigInput,
  secrets = secretSourcesIn(folderOf(input)),
): LoadedGateway {
  const folder = folderOf(input);
  const fragments = typeof input === "string" ? fragmentsIn(join(folder, FRAGMENTS_FOLDER)) : [];
  const kind = {
    schema: gatewaySchema,
    check: checkGateway,
    parse: parseGateway,
    expand: (data: unknown) => expandTemplates(data, folder),
  };
  const loaded = loadFile(input, secrets, kind, fragments);
  const { settings, secrets: hidden } = loaded;
  const devices = countedFromOne(settings.devices);
  const files = [typeof input === "string" ? input : input.file, ...fragments];
  return {
    settings: { ...settings, devices },
    secrets: hidden,
    files,
    // Made when it is asked for: a running agent needs none.
    get tree() {
      return loaded.tree;
    },
  };
}

export interface Whereabouts {
  readonly gateway: string;
  readonly bufferPath: string;
}

/**
 * Where the agent of a file is, also while the file has faults: an agent that runs on an older state
 * of it must be found. As far as can be read; else the defaults.
 * @throws ConfigError CONFIG_UNREADABLE
 */
export function whereaboutsOf(file: string): Whereabouts {
  const data: unknown = parseYaml(readSource(file)).tree?.document.toJS();
  const { gateway, buffer } = mappingOf(data);
  const { path = gatewaySchema.shape.buffer.parse({}).path } = mappingOf(buffer);
  return { gateway: textOf(gateway) ?? "?", bufferPath: textOf(path) ?? "" };
}

/** In alphabetical order, as everywhere. */
function fragmentsIn(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter(
      (name) => name.endsWith(".yaml") && !name.startsWith("."),
    );
    return names.toSorted().map((name) => join(folder, name));
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  }
}

type Devices = GatewaySettings["devices"];

/** Only the file counts as its manual does; behind it there is one way to count. */
function countedFromOne(devices: Devices): Devices {
  const entries = Object.entries(devices).map(([name, device]): [string, Devices[string]] => {
    const by = 1 - device.addressBase;
    if (by === 0) return [name, device];
    const tags = Object.entries(device.tags).map(([tag, settings]) => [
      tag,
      shiftAddresses(settings, by),
    ]);
    return [name, { ...device, addressBase: 1, tags: Object.fromEntries(tags) }];
  });
  return Object.fromEntries(entries);
}
