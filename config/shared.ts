/** Pieces that the gateway's and the sink's files have in common. */
import { z } from "zod";

/** Names travel in topics, keys and file names, so they stay plain. */
export const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
  error: "a name has 1 to 64 letters, digits, dots, dashes or underscores",
});

/** `host:port`; port 0 lets the system pick. */
export const listen = z
  .string()
  .regex(/^[^\s:]+:\d{1,5}$/, { error: "expected HOST:PORT, such as 127.0.0.1:1883" })
  .transform((text) => {
    const colon = text.lastIndexOf(":");
    return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
  });

export type Listen = z.infer<typeof listen>;

const byConnectionString = z.strictObject({
  connectionString: z.string().min(1),
  hub: z.string().min(1),
});

const byNamespace = z.strictObject({
  namespace: z.string().min(1),
  hub: z.string().min(1),
  keyName: z.string().default("RootManageSharedAccessKey"),
  key: z.string().min(1),
});

/** Where to send to. */
export const eventHubs = z.union([byConnectionString, byNamespace]);

const consumerGroup = z.string().min(1).default("$Default");

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
