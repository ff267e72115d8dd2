/**
 * What brings alarms to people and programs. A notifier carries messages: each must arrive, so they
 * wait in the outbox. A mirror shows what stands now: what it missed does not matter once it shows
 * the newest.
 */
import type { AlarmState, JournalEntry, Notice, OutboxEntry } from "../alarms/contract.ts";
import type { AlarmFacts } from "../alarms/facts.ts";
import { messageOf, PenstockError } from "../errors.ts";
import { oneLine } from "./one-line.ts";
import type { ChannelKind } from "./recipient.ts";

interface Failure {
  /** Trying again can help: the receiver is away or busy, or somebody has to mend something. */
  readonly isTransient: boolean;
  /** What the receiver asked to be waited, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

const MESSAGE_MAX = 500;

/** It did not arrive. The message names no address that could be a secret. */
export class DeliveryFailed extends PenstockError {
  readonly isTransient: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { isTransient, retryAfterMs, cause }: Failure) {
    const code = isTransient ? "NOTICE_UNDELIVERED" : "NOTICE_REFUSED";
    // It may quote what a stranger answered, and goes into logs and onto terminals.
    super(code, oneLine(message, MESSAGE_MAX), { cause });
    this.isTransient = isTransient;
    this.retryAfterMs = retryAfterMs;
  }
}

/** What went wrong, also where a notifier met something that it was not made for. */
export function failureOf(error: unknown): DeliveryFailed {
  if (error instanceof DeliveryFailed) return error;
  const message = `the notifier failed: ${messageOf(error)}`;
  return new DeliveryFailed(message, { isTransient: false, cause: error });
}

export interface Notifier {
  readonly kind: ChannelKind;
  /**
   * Resolves when the receiver has taken it. Notices of one channel come one after the other.
   * @throws DeliveryFailed; AbortError when the signal fires
   */
  deliver(notice: Notice, signal: AbortSignal): Promise<void>;
}

export interface Mirror {
  readonly kind: ChannelKind;
  /** It is shown anew this often, for a receiver that forgets. */
  readonly everyMs: number;
  /** Changes that follow each other faster are shown together. */
  readonly restMs: number;
  /**
   * Shows that these alarms stand, and no others.
   * @throws DeliveryFailed; AbortError when the signal fires
   */
  show(standing: readonly AlarmState[], signal: AbortSignal): Promise<void>;
  /**
   * Lets people see that it works; what it showed comes back afterwards.
   * @throws DeliveryFailed; AbortError when the signal fires
   */
  test(notice: Notice, signal: AbortSignal): Promise<void>;
  start?(): void;
  stop?(): Promise<void>;
}

/** What the outbox wants written, in one transaction. Whoever keeps the alarms numbers the journal. */
export interface OutboxWrite {
  readonly outbox: readonly OutboxEntry[];
  readonly outboxDone: readonly string[];
  readonly journal: readonly Omit<JournalEntry, "id">[];
}

/** What mirrors must know of the plant. */
export type PlantNames = Pick<
  AlarmFacts,
  "gatewayName" | "siteOf" | "unitOf" | "adviceOf" | "acknowledgeWith"
>;
