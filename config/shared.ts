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
  .regex(LISTEN, { error: LISTEN_FORM, abort: true })
  .refine((text) => Number(LISTEN.exec(text)?.[2]) <= 65_535, {
    error: "a port is at most 65535",
  })
  .transform((text) => {
    const [, host = "", port] = LISTEN.exec(text) ?? [];
    return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
  });

export type Listen = z.infer<typeof listen>;

const byConnectionString = z.strictObject({
  connectionString: z.string().regex(/^Endpoint=sb:\/\/[^;\s]+/i, {
    error: "expected Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…",
  }),
  hub: z.string().min(1),
});

const byNamespace = z.strictObject({
  namespace: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]*$/, {
    error: "expected a host name, such as plant.servicebus.windows.net",
  }),
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
