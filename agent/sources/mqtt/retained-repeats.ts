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

  isRepeat(topic: string, payload: Uint8Array): boolean {
    return this.#lastByTopic.get(topic) === digestOf(payload);
  }

  /** A message was taken. What is published on a topic replaces what the broker keeps, as far as is known. */
  took(topic: string, payload: Uint8Array, isRetained: boolean): void {
    const isKnown = this.#lastByTopic.has(topic);
    if (!isRetained && !isKnown) return;
    if (!isKnown && this.#lastByTopic.size >= TOPICS_MAX) this.#lastByTopic.clear();
    this.#lastByTopic.set(topic, digestOf(payload));
  }

  /** The message could not be stored: it has to be taken when it comes again. */
  forget(topic: string): void {
    this.#lastByTopic.delete(topic);
  }
}

function digestOf(payload: Uint8Array): string {
  return hash("sha256", payload, "base64");
}
