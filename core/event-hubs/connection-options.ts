/** The options of the SDK's clients that say which way they connect. */
import { HttpsProxyAgent } from "https-proxy-agent";
import { WebSocket } from "ws";
import type { HubAccess } from "./access.ts";

export interface ConnectionOptions {
  customEndpointAddress?: string;
  webSocketOptions?: {
    webSocket: typeof WebSocket | typeof PlainWebSocket;
    webSocketConstructorOptions: object;
  };
}

/** The embedded hub without TLS: the SDK asks for wss all the same. */
class PlainWebSocket extends WebSocket {
  constructor(url: string, protocols?: string | string[], options?: object) {
    super(url.replace(/^wss:/, "ws:"), protocols, options);
  }
}

export function connectionOptionsOf(access: HubAccess): ConnectionOptions {
  const { endpoint, webSockets, proxy } = access;
  const isPlain =
    "connectionString" in access && /;UseDevelopmentEmulator=true/i.test(access.connectionString);
  return {
    ...(endpoint !== undefined && { customEndpointAddress: `sb://${endpoint}` }),
    ...((webSockets || proxy !== undefined) && {
      webSocketOptions: {
        webSocket: isPlain ? PlainWebSocket : WebSocket,
        webSocketConstructorOptions:
          proxy === undefined ? {} : { agent: new HttpsProxyAgent(proxy) },
      },
    }),
  };
}
