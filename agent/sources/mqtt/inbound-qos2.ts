/**
 * Packet ids of QoS 2 messages that were stored, until their PUBREL: a copy that comes before it is
 * answered, and not stored again. While the first is being stored, a copy waits for it.
 *
 * A persistent session goes on at the client's next connection, so its ids belong to the client id;
 * those of a clean session end with the connection.
 */
import type { Client } from "aedes";

/** `accepted`: stored here. `published`: passed on to subscribers as well, which is the library's. */
type Stage = "accepted" | "published";

/** Clients whose ids are remembered; beyond that the one that was silent longest is forgotten. */
const CLIENTS_MAX = 10_000;

export class InboundQos2 {
  readonly #stages = new Map<string, Map<number, Stage>>();
  readonly #pending = new Map<Client | string, Map<number, Promise<unknown>>>();

  /** Runs `store` for news only. Resolves when the message is stored, this one or its first copy. */
  async once(client: Client, messageId: number, store: () => Promise<unknown>): Promise<void> {
    if (this.#stages.get(client.id)?.has(messageId)) return;
    const scope = client.clean ? client : client.id;
    const pending = this.#pending.get(scope) ?? new Map<number, Promise<unknown>>();
    const first = pending.get(messageId);
    if (first) return void (await first);
    const storing = store();
    this.#pending.set(scope, pending.set(messageId, storing));
    try {
      await storing;
      if (!client.closed || !client.clean) this.mark(client.id, messageId, "accepted");
    } finally {
      pending.delete(messageId);
      if (pending.size === 0) this.#pending.delete(scope);
    }
  }

  isPublished(clientId: string, messageId: number): boolean {
    return this.#stages.get(clientId)?.get(messageId) === "published";
  }

  mark(clientId: string, messageId: number, stage: Stage): void {
    const stages = this.#stages.get(clientId) ?? new Map<number, Stage>();
    this.#stages.delete(clientId);
    this.#stages.set(clientId, stages.set(messageId, stage));
    const [oldest] = this.#stages.keys();
    if (this.#stages.size > CLIENTS_MAX && oldest !== undefined) this.#stages.delete(oldest);
  }

  /** The client has seen the answer, and may use the packet id again. */
  release(clientId: string, messageId: number): void {
    const stages = this.#stages.get(clientId);
    stages?.delete(messageId);
    if (stages?.size === 0) this.#stages.delete(clientId);
  }

  forget(clientId: string): void {
    this.#stages.delete(clientId);
  }
}
