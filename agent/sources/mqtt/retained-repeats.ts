/**
 * Tells what an outside broker keeps from what is news. It sends a retained message again with every
 * subscription, so after each loss of the connection: the same on the same topic was read already. Only
 * topics that had a retained message are remembered, so the others cost nothing. Pure.
 */
import { hash } from "node:crypto";

/** Beyond it all are forgotten, and what is sent again counts as news once more. */
const TOPICS_MAX = 50_000;

export class RetainedRepeats {
  readonly #lastByTopic = new Map<string, string>();

  /**
   * Notes a message: what is published on a topic replaces what the broker keeps, as far as is known.
   * False for a retained one that was taken before.
   */
  take(topic: string, payload: Uint8Array, isRetained: boolean): boolean {
    const last = this.#lastByTopic.get(topic);
    if (!isRetained && last === undefined) return true;
    const digest = hash("sha256", payload, "base64");
    if (isRetained && digest === last) return false;
    if (last === undefined && this.#lastByTopic.size >= TOPICS_MAX) this.#lastByTopic.clear();
    this.#lastByTopic.set(topic, digest);
    return true;
  }

  /** The message could not be stored: it has to be taken when it comes again. */
  forget(topic: string): void {
    this.#lastByTopic.delete(topic);
  }
}
