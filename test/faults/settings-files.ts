/** The settings of agent and sink, as JSON, which is YAML. */
import { writeFile } from "node:fs/promises";
import type { ConfiguredDevices } from "#sim/demo/config-files.ts";

export const GATEWAY = "plant";
export const HUB_NAME = "telemetry";

const HOST = "127.0.0.1";

export interface GatewayFile {
  connectionString: string;
  bufferFolder: string;
  mqttPort: number;
  httpPort: number;
  devices: ConfiguredDevices;
}

export async function writeGatewayFile(file: string, settings: GatewayFile): Promise<void> {
  await write(file, {
    version: 1,
    gateway: GATEWAY,
    uplink: { eventHubs: { connectionString: settings.connectionString, hub: HUB_NAME } },
    // Devices keep what a full buffer refuses: so nothing acknowledged may be missing at the end.
    buffer: { path: settings.bufferFolder, whenFull: "refuse", minFreeDisk: "8MiB" },
    mqtt: {
      broker: { listen: `${HOST}:${settings.mqttPort}` },
      topics: [{ topic: "plant/{device}" }],
    },
    http: { listen: `${HOST}:${settings.httpPort}` },
    ...settings.devices,
  });
}

export interface SinkFile {
  connectionString: string;
  store: { sqlite: string } | { postgres: string };
  httpPort: number;
}

export async function writeSinkFile(file: string, settings: SinkFile): Promise<void> {
  await write(file, {
    version: 1,
    source: { connectionString: settings.connectionString, hub: HUB_NAME },
    store: settings.store,
    http: { listen: `${HOST}:${settings.httpPort}` },
  });
}

/** Both hold the hub's key. */
async function write(file: string, settings: object): Promise<void> {
  await writeFile(file, `${JSON.stringify(settings, undefined, 2)}\n`, { mode: 0o600 });
}
