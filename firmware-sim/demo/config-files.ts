/**
 * The two YAML files of a demo. Texts are written as JSON strings, which YAML takes as they are.
 */

export const GATEWAY = "demo";
export const HUB_NAME = "telemetry";

export interface GatewayFile {
  connectionString: string;
  bufferDir: string;
  mqttPort: number;
  httpPort: number;
}

export function gatewayYaml(file: GatewayFile): string {
  return `version: 1
gateway: ${GATEWAY}
site: demo
uplink:
  eventHubs: { connectionString: ${quoted(file.connectionString)}, hub: ${HUB_NAME} }
buffer: { path: ${quoted(file.bufferDir)} }
mqtt:
  broker: { listen: "127.0.0.1:${file.mqttPort}" }
  topics: [{ topic: "plant/{device}" }]
http: { listen: "127.0.0.1:${file.httpPort}" }
`;
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

function quoted(text: string): string {
  return JSON.stringify(text);
}
