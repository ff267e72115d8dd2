/**
 * Who a connecting client is. Checking a password costs tens of milliseconds on purpose, so the
 * checks are few at a time, a password that was right is remembered (as a keyed digest) for the day
 * when a thousand devices come back at once, and a wrong one is answered late.
 */
import { createHmac, randomBytes } from "node:crypto";
import type { BrokerSettings } from "#config/gateway/mqtt.ts";
import type { Clock } from "#core/clock.ts";
import type { Rights } from "./access-rules.ts";
import { isPassword } from "./password.ts";

export type LoginOutcome =
  | { kind: "admitted"; rights: Rights | undefined }
  | { kind: "refused"; reason: string };

type Users = NonNullable<BrokerSettings["users"]>;

const CHECKS_MAX = 2;
const CHECKS_WAITING_MAX = 1000;
const REFUSAL_DELAY_MS = 1000;

export class Login {
  readonly #users: Users | undefined;
  readonly #clock: Clock;
  readonly #key = randomBytes(32);
  /** The right password of each user, as a digest: bounded by the number of users. */
  readonly #known = new Map<string, string>();
  #checks = 0;
  readonly #waiting: (() => void)[] = [];

  /** Without users everybody is admitted. */
  constructor(users: Users | undefined, clock: Clock) {
    this.#users = users;
    this.#clock = clock;
  }

  /** `certified` is the name in a client certificate that was verified. */
  async admit(
    username: string | undefined,
    password: Uint8Array | undefined,
    certified: string | undefined,
  ): Promise<LoginOutcome> {
    const users = this.#users;
    if (!users) return { kind: "admitted", rights: undefined };
    const name = username ?? certified ?? "";
    const user = Object.hasOwn(users, name) ? users[name] : undefined;
    const isKnown =
      user !== undefined &&
      (name === certified ||
        (user.password !== undefined &&
          password !== undefined &&
          (await this.#isRight(name, password, user.password))));
    if (isKnown) {
      const { publish, subscribe } = user;
      return { kind: "admitted", rights: { name, publish, subscribe } };
    }
    await this.#clock.sleep(REFUSAL_DELAY_MS, { name: "mqtt login refusal" });
    return {
      kind: "refused",
      reason: username === undefined ? "no user" : "wrong user or password",
    };
  }

  async #isRight(name: string, password: Uint8Array, expected: string): Promise<boolean> {
    const digest = createHmac("sha256", this.#key).update(password).digest("base64");
    if (this.#known.get(name) === digest) return true;
    if (this.#waiting.length >= CHECKS_WAITING_MAX) return false;
    await this.#turn();
    try {
      const isRight = await isPassword(password, expected);
      if (isRight) this.#known.set(name, digest);
      return isRight;
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#checks -= 1;
    }
  }

  /** Resolves when there is a place for one more check: a free one, or one that is handed on. */
  async #turn(): Promise<void> {
    if (this.#checks < CHECKS_MAX) this.#checks += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
