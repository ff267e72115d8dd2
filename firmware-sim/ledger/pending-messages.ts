/**
 * Messages that were sent and are not acknowledged: each may count 0 or 1 times. Bounded: beyond
 * the bound a message is not remembered, and counted; should it arrive after all, the comparison
 * then calls it doubled, which errs on the strict side.
 */
import type { SentMessage } from "./contract.ts";

export class PendingMessages {
  readonly #messagesMax: number;
  readonly #byDevice = new Map<string, SentMessage[]>();
  #size = 0;
  #forgotten = 0;

  constructor(messagesMax: number) {
    this.#messagesMax = messagesMax;
  }

  get size(): number {
    return this.#size;
  }

  /** Messages beyond the bound. */
  get forgotten(): number {
    return this.#forgotten;
  }

  add(message: SentMessage): void {
    if (this.#size >= this.#messagesMax) {
      this.#forgotten += 1;
      return;
    }
    this.#size += 1;
    const waiting = this.#byDevice.get(message.device);
    if (waiting) waiting.push(message);
    else this.#byDevice.set(message.device, [message]);
  }

  /** False where the message was never added, or was forgotten. */
  take(message: SentMessage): boolean {
    const waiting = this.#byDevice.get(message.device);
    if (!waiting) return false;
    // Acknowledgements come in the order of sending, so it is nearly always the first.
    let place = waiting.indexOf(message);
    if (place < 0) place = waiting.findIndex((other) => isSame(other, message));
    if (place < 0) return false;
    waiting.splice(place, 1);
    this.#size -= 1;
    return true;
  }

  /** Whether the device's message of that time is among them. */
  has(device: string, ts: number): boolean {
    return this.#byDevice.get(device)?.some((message) => message.ts === ts) ?? false;
  }

  /** In the order of sending, device by device. */
  *all(): Generator<SentMessage, void, void> {
    for (const waiting of this.#byDevice.values()) yield* waiting;
  }
}

function isSame(a: SentMessage, b: SentMessage): boolean {
  return (
    a.ts === b.ts &&
    a.values.length === b.values.length &&
    a.values.every((value, i) => Object.is(value, b.values[i]) && a.tags[i] === b.tags[i])
  );
}
