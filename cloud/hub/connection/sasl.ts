/**
 * SASL as Event Hubs offers it: MSSBCBS and ANONYMOUS let the client in and leave its rights to
 * tokens; PLAIN carries a key's name and the key itself.
 */
import type { AccessKeys } from "../access/access-keys.ts";
import type { Grant } from "../access/sas-token.ts";
import type { SaslInit } from "../amqp/performatives.ts";

export const SASL_MECHANISMS = ["MSSBCBS", "PLAIN", "ANONYMOUS"] as const;

export type SaslOutcome = { kind: "ok"; grant: Grant | undefined } | { kind: "refused" };

/** Authorization id, authentication id, password (RFC 4616). */
const PLAIN_PARTS = 3;

export function saslOutcome(init: SaslInit, keys: AccessKeys): SaslOutcome {
  if (init.mechanism === "MSSBCBS" || init.mechanism === "ANONYMOUS") {
    return { kind: "ok", grant: undefined };
  }
  if (init.mechanism !== "PLAIN") return { kind: "refused" };
  const parts = init.response.toString("utf8").split("\0");
  const [, name = "", password = ""] = parts;
  const key = parts.length === PLAIN_PARTS ? keys.login(name, password) : undefined;
  if (!key) return { kind: "refused" };
  const grant = { rights: key.rights, expiresMs: Number.POSITIVE_INFINITY, path: "" };
  return { kind: "ok", grant };
}
