/** How an event hub is reached, and as whom: the same for the gateway and for the sink. */
import type { TokenCredential } from "@azure/identity";

export type HubLogin =
  /** Shared access: the SDK makes and renews the tokens itself. */
  | { connectionString: string }
  /** Entra ID. */
  | { namespace: string; credential: TokenCredential };

export type HubAccess = HubLogin & {
  hub: string;
  /** `HOST:PORT` to connect to instead of the namespace: a private endpoint, or a relay. */
  endpoint?: string | undefined;
  /** AMQP inside WebSockets, on port 443. */
  webSockets?: boolean | undefined;
  /** Of an HTTP proxy; then WebSockets are used. */
  proxy?: string | undefined;
};
