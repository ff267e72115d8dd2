/**
 * `$cbs`: claims-based security. A client puts a token for an audience, and may then open links
 * below it (OASIS AMQP CBS; https://learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-protocol-guide).
 */
import type { AccessKeys } from "../access/access-keys.ts";
import { covers, entityPath, verifySasToken } from "../access/sas-token.ts";
import { types } from "../amqp/codec.ts";
import type { LinkConnection } from "./link.ts";
import type { Answer, Request } from "./request-link.ts";

export interface CbsOptions {
  connection: LinkConnection;
  keys: AccessKeys;
  now: () => number;
  hasHub: (name: string) => boolean;
  refused: (reason: string) => void;
}

const OK = 202;

function answer(code: number, description: string, condition?: string): Answer {
  const properties: Record<string, unknown> = {
    "status-code": types.wrap_int(code),
    "status-description": description,
  };
  if (condition) properties["error-condition"] = types.wrap_symbol(condition);
  return { application_properties: properties };
}

/** Answers one request on `$cbs`. */
export function answerCbs(options: CbsOptions, request: Request): Answer {
  const { operation, name } = request.properties;
  if (operation !== "put-token") {
    return answer(400, "The operation must be put-token.", "amqp:not-allowed");
  }
  const refuse = (reason: string): Answer => {
    options.refused(reason);
    return answer(401, reason, "amqp:unauthorized-access");
  };
  // Judged by the token's own text: the Python client labels its SAS tokens `jwt`.
  const verdict = verifySasToken(tokenText(request.body), options.keys, options.now());
  if (verdict.kind === "refused") return refuse(verdict.reason);
  const audience = entityPath(typeof name === "string" ? name : "");
  if (!covers(verdict.grant.path, audience)) {
    return refuse(`InvalidAudience: The token does not cover '${audience}'.`);
  }
  const [hub = ""] = audience.split("/");
  if (hub !== "" && !options.hasHub(hub)) {
    const description = `The messaging entity '${audience}' could not be found.`;
    return answer(404, description, "amqp:not-found");
  }
  if (!options.connection.claims.add(audience, verdict.grant)) {
    return refuse("Too many tokens on one connection.");
  }
  options.connection.loggedIn();
  return answer(OK, "Accepted");
}

function tokenText(body: unknown): string {
  if (typeof body === "string") return body;
  return Buffer.isBuffer(body) ? body.toString("utf8") : "";
}
