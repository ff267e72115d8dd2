/**
 * What one connection may do: the grants of the tokens it has put, by audience. A token put again for
 * an audience replaces the old one, which is how clients renew.
 */
import type { AccessRight } from "./access-keys.ts";
import { covers, type Grant } from "./sas-token.ts";

/** A client needs one audience per link; more than this is not a client. */
const CLAIMS_MAX = 1024;

export class Claims {
  readonly #grants = new Map<string, Grant>();

  /** False when the connection holds too many already. */
  add(audience: string, grant: Grant): boolean {
    if (!this.#grants.has(audience) && this.#grants.size >= CLAIMS_MAX) return false;
    this.#grants.set(audience, grant);
    return true;
  }

  get isEmpty(): boolean {
    return this.#grants.size === 0;
  }

  /** Whether some unexpired grant reaches the entity path; `Manage` includes the others. */
  allows(path: string, right: AccessRight | "any", nowMs: number): boolean {
    for (const [audience, { rights, expiresMs }] of this.#grants) {
      if (expiresMs <= nowMs || !covers(audience, path)) continue;
      if (right === "any" || rights.has(right) || rights.has("Manage")) return true;
    }
    return false;
  }

  /** Ends every grant at once, as a test of expiry asks. */
  expireAll(): void {
    for (const grant of this.#grants.values()) grant.expiresMs = 0;
  }
}
