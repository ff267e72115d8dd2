/** The ways out of a gateway: to devices on the network, and to the cloud by name, TCP and TLS. */
import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import type { EventHubsSettings } from "#config/event-hubs.ts";
import type { GatewaySettings } from "#config/gateway.ts";
import { messageOf, systemCodeOf } from "#core/errors.ts";
import { type Finding, failed, ok, warning } from "./finding.ts";

const TIMEOUT_MS = 3000;
const AMQPS_PORT = 5671;
const AMQP_PORT = 5672;
const HTTPS_PORT = 443;

export async function checkHosts({ buses }: GatewaySettings): Promise<Finding[]> {
  const hosts = Object.entries(buses).flatMap(([name, bus]) =>
    "host" in bus ? [{ name, host: bus.host, port: bus.port }] : [],
  );
  return await Promise.all(
    hosts.map(async ({ name, host, port }) => {
      const what = `bus ${name}`;
      const why = await tcpFailure(host, port);
      if (why === undefined) return ok(what, `${host}:${port} accepts connections`);
      const remedy = "is the device on, its address right, and no firewall between?";
      return failed(what, `${host}:${port}: ${why}`, remedy);
    }),
  );
}

export async function checkUplink({ uplink }: GatewaySettings): Promise<Finding[]> {
  if (!uplink) {
    const remedy = "add uplink.eventHubs; until then readings wait in the buffer";
    return [warning("uplink", "the file names no way to the cloud", remedy)];
  }
  const endpoint = endpointOf(uplink.eventHubs);
  if (!endpoint) return [failed("uplink", "its address cannot be read", "see uplink.eventHubs")];
  const { host } = endpoint;
  try {
    const { address } = await lookup(host);
    const named = ok("DNS", `${host} is ${address}`);
    return [named, await checkConnection(endpoint)];
  } catch (error) {
    const remedy = "see /etc/resolv.conf and the way to its server: getent hosts NAME";
    return [failed("DNS", `${host}: ${systemCodeOf(error) ?? messageOf(error)}`, remedy)];
  }
}

async function checkConnection({ host, name, port, isPlain }: Endpoint): Promise<Finding> {
  if (isPlain) {
    const why = await tcpFailure(host, port);
    const remedy = "is the embedded hub running there?";
    return why === undefined
      ? ok("uplink", `${host}:${port} accepts connections`)
      : failed("uplink", `${host}:${port}: ${why}`, remedy);
  }
  const why = await tlsFailure(host, port, name);
  if (why === undefined) return ok("TLS", `${host}:${port} shows a good certificate`);
  const remedy = /CERT|certificate|expired|altname/i.test(why)
    ? "is the clock right, and does a proxy in between break TLS open?"
    : `is port ${port} open to the outside? Else: transport: websockets, by port 443`;
  return failed("TLS", `${host}:${port}: ${why}`, remedy);
}

interface Endpoint {
  host: string;
  /** Whose certificate is expected there. */
  name: string;
  port: number;
  /** The embedded hub, without TLS. */
  isPlain: boolean;
}

function endpointOf(settings: EventHubsSettings): Endpoint | undefined {
  const { endpoint, transport, proxy } = settings;
  const text = "connectionString" in settings ? settings.connectionString : "";
  const namespace =
    "namespace" in settings ? settings.namespace : /^Endpoint=sb:\/\/([^/;]+)/i.exec(text)?.[1];
  const address = endpoint ?? namespace;
  const url = address === undefined ? undefined : URL.parse(`http://${address}`);
  if (!url) return undefined;
  const isPlain = /UseDevelopmentEmulator=true/i.test(text);
  const overWeb = transport === "websockets" || proxy !== undefined;
  const usual = isPlain ? AMQP_PORT : overWeb ? HTTPS_PORT : AMQPS_PORT;
  const { hostname: host, port } = url;
  const name = namespace?.replace(/:\d+$/, "") ?? host;
  return { host, name, port: port === "" ? usual : Number(port), isPlain };
}

/** Undefined where a connection was accepted. */
function tcpFailure(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: TIMEOUT_MS });
    const end = (why?: string): void => {
      socket.destroy();
      resolve(why);
    };
    socket.once("connect", () => end());
    socket.once("timeout", () => end("no answer"));
    socket.once("error", (error) => end(systemCodeOf(error) ?? messageOf(error)));
  });
}

function tlsFailure(host: string, port: number, name: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connectTls({ host, port, servername: name, timeout: TIMEOUT_MS });
    const end = (why?: string): void => {
      socket.destroy();
      resolve(why);
    };
    socket.once("secureConnect", () => end());
    socket.once("timeout", () => end("no answer"));
    socket.once("error", (error) => end(systemCodeOf(error) ?? messageOf(error)));
  });
}
