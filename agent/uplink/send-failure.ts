/**
 * What a failed send means, and when to try again: decided here and nowhere else.
 *
 * Errors come in many shapes. Those of the service name an AMQP condition, which the SDK turns into
 * a `code` of its own; sockets and TLS have the system's and OpenSSL's codes; a dual-stack connection
 * bundles its attempts into an AggregateError. The first code that is known decides.
 */
import type { BackOffSchedule } from "#core/back-off.ts";
import { type ErrorCode, messageOf } from "#core/errors.ts";

export interface SendFailure {
  kind: "failed";
  code: ErrorCode;
  reason: string;
  /** The hub speaks of this event, not of the gateway or the connection. */
  isAboutEvent: boolean;
}

export type SendOutcome =
  | { kind: "sent"; bytes: number }
  /** The hub takes no message of this size: send less at once. */
  | { kind: "too-large" }
  | SendFailure;

/** Not worth a try every few seconds: a person, or a new day, must change something. */
const PATIENT: BackOffSchedule = { firstMs: 1000, maxMs: 30_000 };
/** The service asks for 4 s when it is busy. */
const BUSY: BackOffSchedule = { firstMs: 1000, maxMs: 10_000 };
const SOON: BackOffSchedule = { firstMs: 100, maxMs: 10_000 };

export function scheduleOf(code: ErrorCode): BackOffSchedule {
  switch (code) {
    case "UPLINK_THROTTLED":
      return BUSY;
    case "UPLINK_UNAUTHORIZED":
    case "UPLINK_QUOTA_EXCEEDED":
    case "UPLINK_HUB_MISSING":
    case "UPLINK_TLS_FAILED":
      return PATIENT;
    default:
      return SOON;
  }
}

/** Whether somebody must act; other failures pass by themselves. */
export function needsOperator(code: ErrorCode): boolean {
  return scheduleOf(code) === PATIENT;
}

const BY_CODE: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ["ServerBusyError", "UPLINK_THROTTLED"],
  ["QuotaExceededError", "UPLINK_QUOTA_EXCEEDED"],
  ["ResourceLimitExceeded", "UPLINK_QUOTA_EXCEEDED"],
  ["UnauthorizedError", "UPLINK_UNAUTHORIZED"],
  ["PublisherRevokedError", "UPLINK_UNAUTHORIZED"],
  ["AuthenticationError", "UPLINK_UNAUTHORIZED"],
  ["AuthenticationRequiredError", "UPLINK_UNAUTHORIZED"],
  ["CredentialUnavailableError", "UPLINK_UNAUTHORIZED"],
  ["MessagingEntityNotFoundError", "UPLINK_HUB_MISSING"],
  ["MessagingEntityDisabledError", "UPLINK_HUB_MISSING"],
  ["ENOTFOUND", "UPLINK_HOST_UNKNOWN"],
  ["EAI_AGAIN", "UPLINK_HOST_UNKNOWN"],
  ["OperationTimeoutError", "UPLINK_TIMEOUT"],
  ["ServiceUnavailableError", "UPLINK_TIMEOUT"],
  ["CERT_HAS_EXPIRED", "UPLINK_TLS_FAILED"],
  ["CERT_NOT_YET_VALID", "UPLINK_TLS_FAILED"],
  ["CERT_REVOKED", "UPLINK_TLS_FAILED"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "UPLINK_TLS_FAILED"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "UPLINK_TLS_FAILED"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "UPLINK_TLS_FAILED"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "UPLINK_TLS_FAILED"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "UPLINK_TLS_FAILED"],
  ["EPROTO", "UPLINK_TLS_FAILED"],
  ["InvalidFieldError", "UPLINK_REJECTED"],
  ["DecodeError", "UPLINK_REJECTED"],
  ["NotAllowedError", "UPLINK_REJECTED"],
  ["PreconditionFailedError", "UPLINK_REJECTED"],
  ["ArgumentError", "UPLINK_REJECTED"],
  ["ArgumentOutOfRangeError", "UPLINK_REJECTED"],
  ["InvalidOperationError", "UPLINK_REJECTED"],
]);

const TOO_LARGE = "MessageTooLargeError";

/** The outcome of a send that threw. */
export function outcomeOf(error: unknown): SendOutcome {
  const codes = [...codesOf(error)];
  if (codes.includes(TOO_LARGE)) return { kind: "too-large" };
  const known = codes.find((code) => BY_CODE.has(code));
  const code = (known === undefined ? undefined : BY_CODE.get(known)) ?? "UPLINK_UNREACHABLE";
  const name = known ?? codes[0];
  const reason = `${name === undefined ? "" : `${name}: `}${messageOf(error)}`;
  return { kind: "failed", code, reason, isAboutEvent: code === "UPLINK_REJECTED" };
}

const DEPTH_MAX = 5;

/** Codes and names of an error and of what is inside it, the outermost first. */
function* codesOf(error: unknown, depth = 0): Generator<string, void, void> {
  if (!(error instanceof Error) || depth > DEPTH_MAX) return;
  if ("code" in error && typeof error.code === "string") yield error.code;
  yield error.name;
  if (error instanceof AggregateError) {
    for (const inner of error.errors) yield* codesOf(inner, depth + 1);
  }
  if ("innerError" in error) yield* codesOf(error.innerError, depth + 1);
  yield* codesOf(error.cause, depth + 1);
}
