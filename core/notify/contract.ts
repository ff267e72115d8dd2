/** What brings a notice to a person or a program. One way for each kind, on both sides. */
import type { Notice } from "../alarms/contract.ts";

/** It did not arrive. */
export class DeliveryFailed extends Error {
  /** Trying again can help: the receiver is away, busy, or answers with a fault of its own. */
  readonly isTransient: boolean;
  /** What the receiver asked to be waited, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    options: { isTransient: boolean; retryAfterMs?: number | undefined; cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.isTransient = options.isTransient;
    this.retryAfterMs = options.retryAfterMs;
  }
}

export interface Notifier {
  /** For logs and the status: `webhook`, `mail`, `mqtt`, `alertmanager`, `coil`. */
  readonly kind: string;
  /**
   * Resolves when the receiver has taken it. Notices of one recipient come one after the other.
   * @throws DeliveryFailed
   */
  deliver(notice: Notice, signal: AbortSignal): Promise<void>;
  /** Opens nothing that `deliver` would not open by itself. */
  start?(): Promise<void>;
  stop?(): Promise<void>;
}
