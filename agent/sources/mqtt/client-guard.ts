/**
 * Decides for the MQTT library: who may connect under which client id, subscribe to what, and
 * publish where. Keeps what it knows of a client only as long as the connection lives.
 */
import type { AuthenticateError, Client, ConnectPacket, Subscription } from "aedes";
import type { BrokerSettings } from "#config/gateway/mqtt.ts";
import type { Clock } from "#core/clock.ts";
import { PenstockError } from "#core/errors.ts";
import { publishDenial, type Rights, subscribeDenial } from "./access-rules.ts";
import { Login } from "./login.ts";
import { Takeovers } from "./takeovers.ts";
import { isClientId, isTopic } from "./topic-names.ts";

export interface ClientGuardOptions {
  settings: Pick<BrokerSettings, "users">;
  /** On which, and below which, only the gateway publishes. */
  ownTopics: readonly string[];
  clock: Clock;
}

interface KnownClient {
  rights: Rights | undefined;
  filters: Set<string>;
}

const SUBSCRIPTIONS_MAX = 100;

/** CONNACK's return codes [MQTT-3.2.2.3]. */
const IDENTIFIER_REJECTED = 2;
const SERVER_UNAVAILABLE = 3;
const BAD_USER_OR_PASSWORD = 4;

export class ClientGuard {
  readonly counters = {
    takeovers: 0,
    logins_refused: 0,
    publishes_denied: 0,
    subscriptions_denied: 0,
  };
  readonly #ownTopics: readonly string[];
  readonly #login: Login;
  readonly #takeovers: Takeovers;
  readonly #hasUsers: boolean;
  readonly #clients = new WeakMap<Client, KnownClient>();
  /** Users by the client ids that are connected. */
  readonly #connected = new Map<string, Client>();

  constructor(options: ClientGuardOptions) {
    const { settings, ownTopics, clock } = options;
    this.#ownTopics = ownTopics;
    this.#login = new Login(settings.users, clock);
    this.#takeovers = new Takeovers(clock);
    this.#hasUsers = settings.users !== undefined;
  }

  /** Undefined where the client may go on to log in. */
  connectDenial(packet: ConnectPacket): PenstockError | undefined {
    if (!isClientId(packet.clientId)) return denied("the client id is too long, or no text");
    if (packet.will && !isTopic(packet.will.topic)) {
      return denied("the will's topic is too long, or no text");
    }
    return undefined;
  }

  /** Undefined where the client is admitted. */
  async loginDenial(
    client: Client,
    username: string | undefined,
    password: Uint8Array | undefined,
  ): Promise<AuthenticateError | undefined> {
    const outcome = await this.#login.admit(username, password, certifiedNameOf(client));
    if (outcome.kind === "refused") return this.#refuse(outcome.reason, BAD_USER_OR_PASSWORD);
    const { rights } = outcome;
    const present = this.#connected.get(client.id);
    if (present) {
      if (this.#clients.get(present)?.rights?.name !== rights?.name) {
        return this.#refuse("the client id is another user's", IDENTIFIER_REJECTED);
      }
      this.counters.takeovers += 1;
      if (!this.#takeovers.mayTakeOver(client.id)) {
        return this.#refuse("two clients fight for one client id", SERVER_UNAVAILABLE);
      }
    }
    if (client.closed) return undefined;
    this.#clients.set(client, { rights, filters: new Set() });
    this.#connected.set(client.id, client);
    return undefined;
  }

  /** `client` is null for what the broker itself publishes. */
  publishDenial(client: Client | null, topic: string): PenstockError | undefined {
    const known = client ? this.#clients.get(client) : undefined;
    const reason =
      client && !known && this.#hasUsers
        ? "not logged in"
        : publishDenial(known?.rights, topic, this.#ownTopics);
    if (reason === undefined) return undefined;
    this.counters.publishes_denied += 1;
    return denied(reason);
  }

  maySubscribe(client: Client, { topic }: Pick<Subscription, "topic">): boolean {
    const known = this.#clients.get(client);
    if (!known) return false;
    const { rights, filters } = known;
    const isDenied =
      subscribeDenial(rights, topic) !== undefined ||
      (!filters.has(topic) && filters.size >= SUBSCRIPTIONS_MAX);
    if (isDenied) {
      this.counters.subscriptions_denied += 1;
      return false;
    }
    filters.add(topic);
    return true;
  }

  /** True for a subscription that was granted. */
  isSubscribed(client: Client, filter: string): boolean {
    return this.#clients.get(client)?.filters.has(filter) ?? false;
  }

  unsubscribe(client: Client, filters: readonly string[]): void {
    const known = this.#clients.get(client);
    for (const filter of filters) known?.filters.delete(filter);
  }

  forget(client: Client): void {
    if (this.#connected.get(client.id) === client) this.#connected.delete(client.id);
  }

  #refuse(reason: string, returnCode: number): AuthenticateError {
    this.counters.logins_refused += 1;
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- exists in the types alone.
    return Object.assign(denied(reason), { returnCode });
  }
}

function denied(reason: string): PenstockError {
  return new PenstockError("MQTT_DENIED", reason);
}

/** The common name in a client certificate that the listener has verified. */
function certifiedNameOf(client: Client): string | undefined {
  const { conn } = client;
  if (!("authorized" in conn) || conn.authorized !== true) return undefined;
  if (!("getPeerCertificate" in conn) || typeof conn.getPeerCertificate !== "function") {
    return undefined;
  }
  const certificate: unknown = conn.getPeerCertificate();
  if (typeof certificate !== "object" || certificate === null) return undefined;
  const subject = "subject" in certificate ? certificate.subject : undefined;
  if (typeof subject !== "object" || subject === null || !("CN" in subject)) return undefined;
  return typeof subject.CN === "string" ? subject.CN : undefined;
}
