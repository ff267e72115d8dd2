/**
 * Loads a configuration file: all of it is right, or nothing is opened. Nothing but the file, its
 * secrets and the device templates that it names is read.
 */
import { dirname } from "node:path";
import { type GatewaySettings, gatewaySchema } from "./gateway.ts";
import { checkGateway } from "./gateway-checks.ts";
import { type ConfigInput, loadFile } from "./load-file.ts";
import { shiftAddresses } from "./modbus-address.ts";
import type { SecretSources } from "./secrets.ts";
import { type SinkSettings, sinkSchema } from "./sink.ts";
import { expandTemplates } from "./template-expansion.ts";

export type { ConfigInput } from "./load-file.ts";

/** Where this process finds its secrets. */
function secretSources(): SecretSources {
  const { env } = process;
  return { credentialsDirectory: env["CREDENTIALS_DIRECTORY"], environment: env };
}

/**
 * The gateway's settings, with its templates put in and all Modbus addresses counted from 1.
 * @throws ConfigError CONFIG_UNREADABLE, CONFIG_INVALID
 */
export function loadGateway(input: ConfigInput, secrets = secretSources()): GatewaySettings {
  const folder = dirname(typeof input === "string" ? input : input.file);
  const { settings } = loadFile(input, secrets, {
    schema: gatewaySchema,
    check: checkGateway,
    expand: (data) => expandTemplates(data, folder),
  });
  return { ...settings, devices: countedFromOne(settings.devices) };
}

/** @throws ConfigError CONFIG_UNREADABLE, CONFIG_INVALID */
export function loadSink(input: ConfigInput, secrets = secretSources()): SinkSettings {
  return loadFile(input, secrets, { schema: sinkSchema, check: () => [] }).settings;
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
