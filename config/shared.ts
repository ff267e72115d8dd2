/** Pieces that the gateway's and the sink's files have in common. */
import { z } from "zod";

/** Names travel in topics, keys and file names, so they stay plain. */
export const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
  error: "a name has 1 to 64 letters, digits, dots, dashes or underscores",
});

/** Of the file's own shape. */
export const version = z.literal(1, { error: "this Penstock reads version 1" });

const LISTEN = /^(\[[0-9a-fA-F:.]+\]|[^\s:[\]]+):(\d{1,5})$/;
const LISTEN_FORM = "expected HOST:PORT, such as 127.0.0.1:1883";

/** `host:port`; port 0 lets the system pick. */
export const listen = z
  .string({ error: LISTEN_FORM })
  .meta({ title: "host:port" })
  .regex(LISTEN, { error: LISTEN_FORM, abort: true })
  .refine((text) => Number(LISTEN.exec(text)?.[2]) <= 65_535, {
    error: "a port is at most 65535",
  })
  .transform((text) => {
    const [, host = "", port] = LISTEN.exec(text) ?? [];
    return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
  });

export const logLevel = z
  .enum(["debug", "info", "warn", "error", "silent"])
  .default("info")
  .describe("How much goes to standard error.");

const hub = z.string().min(1).describe("Name of the event hub in it.");

const byConnectionString = z.strictObject({
  connectionString: z
    .string()
    .regex(/^Endpoint=sb:\/\/[^;\s]+/i, {
      error: "expected Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…",
    })
    .describe("All in one, as the portal, or the embedded hub, shows it. As `!secret NAME`."),
  hub,
});

const byNamespace = z.strictObject({
  namespace: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9.-]*$/, {
      error: "expected a host name, such as plant.servicebus.windows.net",
    })
    .describe("Host name of the Event Hubs namespace."),
  hub,
  keyName: z
    .string()
    .min(1)
    .default("RootManageSharedAccessKey")
    .describe("Name of the shared access policy."),
  key: z.string().min(1).describe("Its key, as `!secret NAME`."),
});

/** Where to send to. */
export const eventHubs = z.union([byConnectionString, byNamespace]);

const consumerGroup = z
  .string()
  .min(1)
  .default("$Default")
  .describe("One of its own, where others read the same hub.");

/** Where to receive from. */
export const eventHubsSource = z.union([
  byConnectionString.extend({ consumerGroup }),
  byNamespace.extend({ consumerGroup }),
]);

export type EventHubsSettings = z.infer<typeof eventHubs>;

/** The connection string that both shapes come down to. */
export function connectionStringOf(settings: EventHubsSettings): string {
  if ("connectionString" in settings) return settings.connectionString;
  const { namespace, keyName, key } = settings;
  return `Endpoint=sb://${namespace}/;SharedAccessKeyName=${keyName};SharedAccessKey=${key}`;
}
