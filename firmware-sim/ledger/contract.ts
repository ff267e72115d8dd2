/**
 * What the simulated devices tell the ledger. A device that publishes knows what was acknowledged;
 * a device that is polled knows only what it served.
 */

/** One message of a publishing device: tags and values of one time. Values are numbers. */
export interface SentMessage {
  readonly device: string;
  readonly tags: readonly string[];
  readonly values: readonly number[];
  /** Milliseconds since 1970. */
  readonly ts: number;
}

export interface LedgerWriter {
  /** The message may reach the gateway from now on: it counts 0 or 1 times until acknowledged. */
  sent(message: SentMessage): void;
  /** The gateway has acknowledged the message: it must count exactly once. */
  acknowledged(message: SentMessage): void;
  /** A polled device has answered with this many readings: an upper bound of what may count. */
  served(device: string, readings: number): void;
}
