/**
 * Faults on demand: what a test, or a person at the command line, lets go wrong. They are checked
 * where they act; without any they cost one comparison a delivery.
 */
import type { Clock } from "#core/clock.ts";
import type { AmqpError } from "./amqp/frames.ts";

/** The service asks for this wait in its own refusals. */
const BUSY_TEXT =
  "The request was terminated because the entity is being throttled. Please wait 4 seconds and try again.";

export class HubFaults {
  readonly #clock: Clock;
  #throttledUntilMs = Number.NEGATIVE_INFINITY;
  readonly #refusedPartitions = new Set<number>();
  #confirmationsToDrop = 0;
  /** Confirmations leave so much later than the sync. */
  confirmationDelayMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Refuses every send as server-busy for this long. */
  throttle(durationMs: number): void {
    this.#throttledUntilMs = this.#clock.monotonic() + durationMs;
  }

  /** Refuses sends to the partition until `allowPartition`. */
  refusePartition(partition: number): void {
    this.#refusedPartitions.add(partition);
  }

  allowPartition(partition: number): void {
    this.#refusedPartitions.delete(partition);
  }

  /** Stores the next deliveries, but drops the sender's connection instead of confirming them. */
  confirmThenDrop(deliveries: number): void {
    this.#confirmationsToDrop = deliveries;
  }

  /** Ends all faults that last. */
  clear(): void {
    this.#throttledUntilMs = Number.NEGATIVE_INFINITY;
    this.#refusedPartitions.clear();
    this.#confirmationsToDrop = 0;
    this.confirmationDelayMs = 0;
  }

  /** Why a delivery to this partition is refused at present. */
  refusal(partition: number): AmqpError | undefined {
    if (this.#throttledUntilMs > this.#clock.monotonic()) {
      return { condition: "com.microsoft:server-busy", description: BUSY_TEXT };
    }
    if (!this.#refusedPartitions.has(partition)) return undefined;
    const description = `Partition ${partition} cannot take events at present.`;
    return { condition: "com.microsoft:server-busy", description };
  }

  /** Whether this confirmation is to be lost together with its connection. */
  takeDrop(): boolean {
    if (this.#confirmationsToDrop === 0) return false;
    this.#confirmationsToDrop -= 1;
    return true;
  }

  /** Runs a confirmation, late if that is asked for. */
  confirm(run: () => void): void {
    if (this.confirmationDelayMs === 0) run();
    else this.#clock.after("hub delayed confirmation", this.confirmationDelayMs, run);
  }
}
