/**
 * The two YAML files of a demo. Values are written as JSON, which YAML takes as it is.
 */
import type { BusFragment, DeviceFragment } from "../gateway-fragment.ts";
import type { WatchedDevice } from "./watched-devices.ts";

export const GATEWAY = "demo";
export const HUB_NAME = "telemetry";

/** The part of the gateway's file that depends on the plant. */
export interface ConfiguredDevices {
  buses: Record<string, BusFragment>;
  devices: Record<string, DeviceFragment | WatchedDevice>;
}

export interface GatewayFile {
  connectionString: string;
  bufferDir: string;
  mqttPort: number;
  httpPort: number;
  /** What is polled, and what is watched by limits. */
  devices: ConfiguredDevices;
}

export function gatewayYaml(file: GatewayFile): string {
  return `version: 1
gateway: ${GATEWAY}
site: demo
uplink:
  eventHubs: { connectionString: ${quoted(file.connectionString)}, hub: ${HUB_NAME} }
buffer: { path: ${quoted(file.bufferDir)}, maxBytes: 8GiB }
mqtt:
  broker: { listen: "127.0.0.1:${file.mqttPort}" }
  topics: [{ topic: "plant/{device}" }]
http: { listen: "127.0.0.1:${file.httpPort}" }
${mappingYaml("buses", file.devices.buses)}${mappingYaml("devices", file.devices.devices)}`;
}

export interface SinkFile {
  connectionString: string;
  storeDir: string;
  httpPort: number;
}

export function sinkYaml(file: SinkFile): string {
  return `version: 1
source: { connectionString: ${quoted(file.connectionString)}, hub: ${HUB_NAME} }
store: { sqlite: ${quoted(file.storeDir)} }
http: { listen: "127.0.0.1:${file.httpPort}" }
`;
}

/** One entry a line; nothing where there is no entry. */
function mappingYaml(key: string, entries: object): string {
  const lines = Object.entries(entries).map(([name, entry]) => `  ${name}: ${quoted(entry)}\n`);
  return lines.length === 0 ? "" : `${key}:\n${lines.join("")}`;
}

function quoted(value: unknown): string {
  return JSON.stringify(value);
}
