/** Pieces that the gateway's and the sink's files have in common. */
import { z } from "zod";
import { isOwnName } from "#core/own-names.ts";

const NAME_FORM = "a name has 1 to 64 letters, digits, dots, dashes or underscores";

/** Names travel in topics, keys and file names, so they stay plain. */
export const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
  error: ({ input }) =>
    typeof input === "string" && isOwnName(input)
      ? `Penstock's own alarms stand under ${input}: call yours something else; ${NAME_FORM}`
      : NAME_FORM,
});

/** Of the file's own shape. */
export const version = z.literal(1, { error: "this Penstock reads version 1" });

const LISTEN = /^(\[[0-9a-fA-F:.]+\]|[^\s:*[\]]+):(\d{1,5})$/;
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

/** A host to connect to; its port stands apart. IPv6 addresses have two colons at least. */
export const host = z
  .string()
  .min(1)
  .regex(/^[\w.-]*$|^[0-9A-Fa-f]*(?::[0-9A-Fa-f.]*){2,}(?:%\w+)?$/, {
    error: "expected a host's name or address, such as 192.168.10.20",
  });

/** Files of other programs have variables, which would be taken for the secret itself. */
export const secretText = z
  .string()
  .min(1)
  .regex(/^(?!\$(?:\w+|\{[^}]*\})$)/, {
    error: "variables of the environment are not filled in here",
  });

export const logLevel = z
  .enum(["debug", "info", "warn", "error", "silent"])
  .default("info")
  .describe("How much goes to standard error.");
