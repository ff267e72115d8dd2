/**
 * Two devices with one client id push each other out for ever, each reconnecting at once. After a few
 * rounds the newcomer is refused for a while, so that the gateway is left in peace and one of the two
 * works; the counter tells the operator.
 */
import type { Clock } from "#core/clock.ts";

const WINDOW_MS = 10_000;
const TAKEOVERS_MAX = 5;
/** More client ids than this at war are forgotten together, and start to count anew. */
const CLIENTS_MAX = 1000;

export class Takeovers {
  readonly #clock: Clock;
  readonly #byClient = new Map<string, { sinceMs: number; count: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts one more takeover of this client id. False where there were too many of late. */
  mayTakeOver(clientId: string): boolean {
    const nowMs = this.#clock.monotonic();
    const known = this.#byClient.get(clientId);
    if (known && nowMs - known.sinceMs < WINDOW_MS) {
      known.count += 1;
      return known.count <= TAKEOVERS_MAX;
    }
    if (this.#byClient.size >= CLIENTS_MAX) this.#byClient.clear();
    this.#byClient.set(clientId, { sinceMs: nowMs, count: 1 });
    return true;
  }
}
