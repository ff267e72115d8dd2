/** An event hub and the way to it: the same keys in the gateway's and in the sink's file. */
import { z } from "zod";
import type { HubAccess, HubLogin } from "#core/event-hubs/access.ts";
import { EntraCredential, type EntraIdentity } from "#core/event-hubs/entra-credential.ts";
import { secretText } from "./plain-keys.ts";

const way = {
  hub: z.string().min(1).describe("Name of the event hub in it."),
  transport: z
    .enum(["amqp", "websockets"])
    .default("amqp")
    .describe("`websockets`: over port 443, where a firewall closes 5671."),
  proxy: z
    .url({ protocol: /^https?$/, error: "expected http://HOST:PORT" })
    .optional()
    .describe("An HTTP proxy, such as http://proxy:3128. With it, `websockets` are used."),
  endpoint: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9.-]*:\d{1,5}$/, { error: "expected HOST:PORT" })
    .optional()
    .describe("Connect here instead of to the namespace: a private endpoint, or a relay."),
};

const namespace = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9.-]*$/, {
    error: "expected a host name, such as plant.servicebus.windows.net",
  })
  .describe("Host name of the Event Hubs namespace.");

const application = {
  tenant: z.string().min(1).describe("Id of the directory."),
  client: z.string().min(1).describe("Id of the application."),
  authority: z
    .url({ protocol: /^https$/, error: "expected https://HOST" })
    .optional()
    .describe("Of a national cloud, such as https://login.microsoftonline.us."),
};

const auth = z.union([
  z.strictObject({
    managedIdentity: z
      .string()
      .min(1)
      .describe("`system` for the machine's own, or the client id of one of its others."),
  }),
  z.strictObject({
    ...application,
    certificate: z
      .string()
      .min(1)
      .describe("File with the application's certificate and private key, in PEM."),
  }),
  z.strictObject({
    ...application,
    secret: secretText.describe("The application's secret, as `!secret NAME`."),
  }),
]);

const byConnectionString = z.strictObject({
  connectionString: z
    .string()
    .regex(/^Endpoint=sb:\/\/[^;\s]+/i, {
      error: "expected Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…",
    })
    .describe("All in one, as the portal, or the embedded hub, shows it. As `!secret NAME`."),
  ...way,
});

const byKey = z.strictObject({
  namespace,
  ...way,
  keyName: z
    .string()
    .min(1)
    .default("RootManageSharedAccessKey")
    .describe("Name of the shared access policy."),
  key: secretText.describe("Its key, as `!secret NAME`."),
});

const byIdentity = z.strictObject({
  namespace,
  ...way,
  auth: auth.describe("As whom: an identity of Entra ID with the role to send, or to receive."),
});

/** Where to send to. */
export const eventHubs = z.union([byConnectionString, byKey, byIdentity]);

const consumerGroup = z
  .string()
  .min(1)
  .default("$Default")
  .describe("One of its own, where others read the same hub.");

/** Where to receive from. */
export const eventHubsSource = z.union([
  byConnectionString.extend({ consumerGroup }),
  byKey.extend({ consumerGroup }),
  byIdentity.extend({ consumerGroup }),
]);

export type EventHubsSettings = z.infer<typeof eventHubs>;

/** What all shapes come down to. Makes a credential: once a client, or once for all its lives. */
export function hubAccessOf(settings: EventHubsSettings): HubAccess {
  const { hub, endpoint, transport, proxy } = settings;
  return { ...loginOf(settings), hub, endpoint, proxy, webSockets: transport === "websockets" };
}

function loginOf(settings: EventHubsSettings): HubLogin {
  if ("connectionString" in settings) return { connectionString: settings.connectionString };
  const { namespace: host } = settings;
  if ("auth" in settings) {
    return { namespace: host, credential: new EntraCredential(identityOf(settings.auth)) };
  }
  const { keyName, key } = settings;
  const login = `SharedAccessKeyName=${keyName};SharedAccessKey=${key}`;
  return { connectionString: `Endpoint=sb://${host}/;${login}` };
}

function identityOf(settings: z.infer<typeof auth>): EntraIdentity {
  if ("managedIdentity" in settings) {
    const { managedIdentity } = settings;
    return { kind: "managed", client: managedIdentity === "system" ? undefined : managedIdentity };
  }
  const { tenant, client, authority } = settings;
  return "certificate" in settings
    ? { kind: "certificate", certificatePath: settings.certificate, tenant, client, authority }
    : { kind: "secret", secret: settings.secret, tenant, client, authority };
}
