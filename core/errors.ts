/**
 * Operating errors carry a stable code. Each code stands in `docs/errors.md` with its meaning and
 * what the reader should do; a test ties the two. A programmer's error is an assertion instead.
 */
const ERROR_CODES = [
  "ALARMS_FAILED",
  "ALARM_REFUSED",
  "ALARM_UNKNOWN",
  "BUFFER_CLOSED",
  "BUFFER_FAILED",
  "BUFFER_FULL",
  "BUFFER_LOCKED",
  "BUS_BUSY",
  "CHUNK_DIFFERS",
  "CHUNK_MALFORMED",
  "CHUNK_TOO_LARGE",
  "CHUNK_VERSION_UNKNOWN",
  "CONFIG_INVALID",
  "CONFIG_UNREADABLE",
  "CONTROL_ABSENT",
  "CONTROL_DENIED",
  "CONTROL_FAILED",
  "HUB_LOG_FAILED",
  "LEARNT_DAMAGED",
  "LISTEN_FAILED",
  "MQTT_DENIED",
  "NOTICE_REFUSED",
  "NOTICE_UNDELIVERED",
  "PAYLOAD_MALFORMED",
  "PAYLOAD_TOO_LARGE",
  "PORT_UNAVAILABLE",
  "PROGRAM_FAILED",
  "SERIES_LIMIT",
  "STORE_FAILED",
  "STORE_LOCKED",
  "STORE_VERSION_UNKNOWN",
  "TLS_FILES_UNUSABLE",
  "UPLINK_HOST_UNKNOWN",
  "UPLINK_HUB_MISSING",
  "UPLINK_QUOTA_EXCEEDED",
  "UPLINK_REJECTED",
  "UPLINK_THROTTLED",
  "UPLINK_TIMEOUT",
  "UPLINK_TLS_FAILED",
  "UPLINK_UNAUTHORIZED",
  "UPLINK_UNREACHABLE",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export const errorCodes: readonly ErrorCode[] = ERROR_CODES;

interface PenstockErrorOptions {
  /** What the message speaks of, as data: file, device, topic, limit. Never a secret. */
  context?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

export class PenstockError extends Error {
  readonly code: ErrorCode;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: PenstockErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "PenstockError";
    this.code = code;
    this.context = options.context ?? {};
  }
}

/** The text of anything thrown: some libraries throw strings, or errors without a message. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") {
    return [...new Set(error.errors.map(messageOf))].join("; ");
  }
  if (error instanceof Error) return error.message === "" ? error.name : error.message;
  return String(error);
}

/** The system's code of an error (`ENOENT`, `EADDRINUSE`), where it has one. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** True for the rejection of an operation that its `AbortSignal` ended. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
