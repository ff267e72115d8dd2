/**
 * Shared access signature tokens, as Event Hubs defines them:
 * `SharedAccessSignature sr=<uri>&sig=<signature>&se=<expiry, s since 1970>&skn=<key name>`.
 * The signature is HMAC-SHA256 over the encoded `sr`, a newline and `se`.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { AccessKeys, AccessRight } from "./access-keys.ts";

/** What a good token grants. */
export interface Grant {
  rights: ReadonlySet<AccessRight>;
  expiresMs: number;
  /** Entity path that the token covers, lower case; "" covers the namespace. */
  path: string;
}

export type SasVerdict = { kind: "granted"; grant: Grant } | { kind: "refused"; reason: string };

const SCHEME = "SharedAccessSignature ";

function refused(reason: string): SasVerdict {
  return { kind: "refused", reason };
}

/** Checks form, signature and expiry. Reasons begin with the service's own error names. */
export function verifySasToken(token: string, keys: AccessKeys, nowMs: number): SasVerdict {
  const fields = token.startsWith(SCHEME) ? tokenFields(token.slice(SCHEME.length)) : undefined;
  if (!fields) return refused("MalformedToken: expected a SharedAccessSignature token.");
  const { resource, signature, expiry, keyName } = fields;
  const key = keys.find(keyName);
  // An unknown key name takes the same time as a wrong signature.
  const wanted = createHmac("sha256", key?.key ?? "unknown")
    .update(`${resource}\n${expiry}`)
    .digest();
  const given = Buffer.from(signature, "base64");
  if (!key || given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    return refused("InvalidSignature: The token has an invalid signature.");
  }
  const expiresMs = Number(expiry) * 1000;
  if (!(expiresMs > nowMs))
    return refused(`ExpiredToken: The token is expired. Expiration: ${expiry}`);
  const path = entityPath(decodeURIComponent(resource));
  return { kind: "granted", grant: { rights: key.rights, expiresMs, path } };
}

interface TokenFields {
  /** Still percent-encoded: so it was signed. */
  resource: string;
  signature: string;
  expiry: string;
  keyName: string;
}

function tokenFields(text: string): TokenFields | undefined {
  const fields = new Map<string, string>();
  for (const part of text.split("&")) {
    const equals = part.indexOf("=");
    if (equals > 0) fields.set(part.slice(0, equals), part.slice(equals + 1));
  }
  const [resource, sig, expiry, skn] = ["sr", "sig", "se", "skn"].map((name) => fields.get(name));
  if (!resource || !sig || !expiry || !skn || !/^\d{1,12}$/.test(expiry)) return undefined;
  try {
    decodeURIComponent(resource);
    const keyName = decodeURIComponent(skn.replaceAll("+", "%20"));
    return { resource, signature: decodeURIComponent(sig), expiry, keyName };
  } catch {
    return undefined; // Malformed percent-encoding.
  }
}

/** `sb://host:port/hub/rest` → `hub/rest`, lower case, without slashes at the ends. */
export function entityPath(uri: string): string {
  return uri
    .replace(/^[a-z]+:\/\/[^/]*/i, "")
    .replace(/^\/+|\/+$/g, "")
    .toLowerCase();
}

/** Whether a grant on `granted` reaches `path`. */
export function covers(granted: string, path: string): boolean {
  return granted === "" || path === granted || path.startsWith(`${granted}/`);
}
