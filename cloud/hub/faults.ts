/**
 * Faults on demand: what a test, or a person at the command line, lets go wrong. They are checked
 * where they act; without any they cost one comparison a delivery.
 */
import type { Clock } from "#core/clock.ts";
import type { AmqpError } from "./amqp/frames.ts";

/** The service asks for this wait in its own refusals. */
const BUSY_TEXT =
  "The request was terminated because the entity is being throttled. Please wait 4 seconds and try again.";

export type ConfirmationFate = "sent" | "lost" | "connection dropped";

export class HubFaults {
  readonly #clock: Clock;
  #throttledUntilMs = Number.NEGATIVE_INFINITY;
  readonly #refusedPartitions = new Map<number, AmqpError>();
  #refusedForAll: AmqpError | undefined;
  #refusalDelayMs = 0;
  #confirmationsToDrop = 0;
  #confirmationsToLose = 0;
  /** Confirmations leave so much later than the sync. */
  confirmationDelayMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Refuses every send as server-busy for this long; the sender hears of it only after the delay. */
  throttle(durationMs: number, refusalDelayMs = 0): void {
    this.#throttledUntilMs = this.#clock.monotonic() + durationMs;
    this.#refusalDelayMs = refusalDelayMs;
  }

  /** Refuses every send, with this error, until `clear`. */
  refuseSends(error: AmqpError): void {
    this.#refusedForAll = error;
  }

  /** Refuses sends to the partition until `allowPartition`; as server-busy unless told otherwise. */
  refusePartition(partition: number, error: AmqpError = busyPartition(partition)): void {
    this.#refusedPartitions.set(partition, error);
  }

  allowPartition(partition: number): void {
    this.#refusedPartitions.delete(partition);
  }

  /** Stores the next deliveries, but drops the sender's connection instead of confirming them. */
  confirmThenDrop(deliveries: number): void {
    this.#confirmationsToDrop = deliveries;
  }

  /** Stores the next deliveries, but never answers them; their connection stays. */
  loseConfirmations(deliveries: number): void {
    this.#confirmationsToLose = deliveries;
  }

  /** Ends all faults that last. */
  clear(): void {
    this.#throttledUntilMs = Number.NEGATIVE_INFINITY;
    this.#refusedPartitions.clear();
    this.#refusedForAll = undefined;
    this.#refusalDelayMs = 0;
    this.#confirmationsToDrop = 0;
    this.#confirmationsToLose = 0;
    this.confirmationDelayMs = 0;
  }

  /** Why a delivery to this partition is refused at present. */
  refusal(partition: number): AmqpError | undefined {
    if (this.#throttledUntilMs > this.#clock.monotonic()) {
      return { condition: "com.microsoft:server-busy", description: BUSY_TEXT };
    }
    return this.#refusedForAll ?? this.#refusedPartitions.get(partition);
  }

  /** What becomes of the next confirmation. */
  takeFate(): ConfirmationFate {
    if (this.#confirmationsToDrop > 0) {
      this.#confirmationsToDrop -= 1;
      return "connection dropped";
    }
    if (this.#confirmationsToLose === 0) return "sent";
    this.#confirmationsToLose -= 1;
    return "lost";
  }

  /** Runs a confirmation, late if that is asked for. */
  confirm(run: () => void): void {
    this.#late(this.confirmationDelayMs, run);
  }

  /** Runs a refusal that `refusal` has asked for, late if throttling says so. */
  refuse(run: () => void): void {
    this.#late(this.#refusalDelayMs, run);
  }

  #late(delayMs: number, run: () => void): void {
    if (delayMs === 0) run();
    else this.#clock.after("hub delayed answer", delayMs, run);
  }
}

function busyPartition(partition: number): AmqpError {
  const description = `Partition ${partition} cannot take events at present.`;
  return { condition: "com.microsoft:server-busy", description };
}
