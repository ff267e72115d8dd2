/**
 * Decides what an attach asks for, and whether it may have it. Refusals follow the service: the
 * attach is answered without a terminus, then the link is detached with the error (section 2.6.3).
 */
import { randomUUID } from "node:crypto";
import type { Clock } from "#core/clock.ts";
import type { AccessKeys, AccessRight } from "../access/access-keys.ts";
import type { AmqpError } from "../amqp/frames.ts";
import { detachFrame } from "../amqp/frames.ts";
import type { Attach } from "../amqp/performatives.ts";
import type { EventHub } from "../event-hub.ts";
import type { HubFaults } from "../faults.ts";
import type { HubCounters } from "../hub-counters.ts";
import { positionError, startPositionOf } from "../start-position.ts";
import { answerCbs } from "./cbs.ts";
import { ConsumeLink, RUNTIME_METRIC } from "./consume-link.ts";
import { claimProducer, IDEMPOTENT_PRODUCER } from "./idempotent-producer.ts";
import type { Link, LinkOpener, LinkSession } from "./link.ts";
import { answerManagement } from "./management.ts";
import { PublishLink } from "./publish-link.ts";
import { ReplyLink } from "./reply-link.ts";
import { RequestLink } from "./request-link.ts";

export interface LinkOpenerOptions {
  clock: Clock;
  keys: AccessKeys;
  counters: HubCounters;
  faults: HubFaults;
  messageBytesMax: number;
  findHub: (name: string) => EventHub | undefined;
  loginRefused: (connectionId: string, reason: string) => void;
}

const CBS = "$cbs";
const MANAGEMENT = "$management";
const PUBLISH_ADDRESS = /^([^/]+)(?:\/Partitions\/([^/]+))?(?:\/Publishers\/[^/]+)?$/i;
const CONSUME_ADDRESS = /^([^/]+)\/ConsumerGroups\/([^/]+)\/Partitions\/([^/]+)$/i;
const OWNER_LEVEL = "com.microsoft:epoch";
const RECEIVER_NAME = "com.microsoft:receiver-name";

export function createLinkOpener(options: LinkOpenerOptions): LinkOpener {
  return (session, attach) => new Opening(options, session, attach).open();
}

class Opening {
  readonly #options: LinkOpenerOptions;
  readonly #session: LinkSession;
  readonly #attach: Attach;
  /** Without host and outer slashes, in the client's spelling. */
  readonly #address: string;

  constructor(options: LinkOpenerOptions, session: LinkSession, attach: Attach) {
    this.#options = options;
    this.#session = session;
    this.#attach = attach;
    const terminus = attach.clientReceives ? attach.source : attach.target;
    this.#address = stripHost(terminus?.address ?? "");
  }

  open(): Link | undefined {
    const node = this.#requestNode();
    if (!this.#attach.clientReceives) return node ? this.#request(node) : this.#publish();
    if (!node) return this.#consume();
    const link = new ReplyLink(this.#session, this.#attach, node);
    link.start(this.#attach);
    return link;
  }

  #requestNode(): typeof CBS | typeof MANAGEMENT | undefined {
    if (this.#address === CBS) return CBS;
    const isManagement = this.#address === MANAGEMENT || this.#address.endsWith(`/${MANAGEMENT}`);
    return isManagement ? MANAGEMENT : undefined;
  }

  #request(node: typeof CBS | typeof MANAGEMENT): Link {
    const { keys, clock, findHub, loginRefused } = this.#options;
    const { connection } = this.#session;
    const now = (): number => clock.now();
    const hasHub = (name: string): boolean => findHub(name) !== undefined;
    const refused = (reason: string): void => loginRefused(connection.id, reason);
    const link = new RequestLink(this.#session, this.#attach, node, (request) =>
      node === CBS
        ? answerCbs({ connection, keys, now, hasHub, refused }, request)
        : answerManagement({ connection, keys, now, findHub }, request),
    );
    link.start(this.#attach);
    return link;
  }

  #publish(): Link | undefined {
    if (this.#attach.target?.isCoordinator) {
      const description = "Transactions are not supported.";
      return this.#refuse({ condition: "amqp:not-implemented", description });
    }
    const [, hubName = "", partitionName] = PUBLISH_ADDRESS.exec(this.#address) ?? [];
    const hub = this.#options.findHub(hubName);
    if (!hub) return this.#refuse(this.#notFound());
    const unauthorized = this.#claimError("Send", this.#options.clock.now());
    if (unauthorized) return this.#refuse(unauthorized);
    const partition = partitionName === undefined ? undefined : hub.partitionNamed(partitionName);
    if (partitionName !== undefined && partition === undefined) {
      return this.#refuse(noSuchPartition(hub));
    }
    const isIdempotent = this.#attach.desiredCapabilities.includes(IDEMPOTENT_PRODUCER);
    const producer = isIdempotent
      ? claimProducer(hub.log.producers, partition, this.#attach)
      : null;
    if (producer?.kind === "refused") return this.#refuse(producer.error);
    const { messageBytesMax, counters, faults } = this.#options;
    const link = new PublishLink({
      session: this.#session,
      attach: this.#attach,
      hub,
      partition,
      messageBytesMax,
      counters,
      faults,
      idempotentProperties: producer?.properties,
      claimError: (nowMs) => this.#claimError("Send", nowMs),
    });
    link.start();
    return link;
  }

  #consume(): Link | undefined {
    const { clock, counters, findHub } = this.#options;
    const [, hubName = "", groupName = "", partitionName = ""] =
      CONSUME_ADDRESS.exec(this.#address) ?? [];
    const hub = findHub(hubName);
    const group = hub?.group(groupName);
    if (!hub || !group) return this.#refuse(this.#notFound());
    const unauthorized = this.#claimError("Listen", clock.now());
    if (unauthorized) return this.#refuse(unauthorized);
    const partition = hub.partitionNamed(partitionName);
    if (partition === undefined) return this.#refuse(noSuchPartition(hub));
    const start = startPositionOf(this.#attach.source?.filter ?? new Map());
    if (start.kind === "refused") return this.#refuse(start.error);
    const { name, ownerLevel } = this.#reader();
    const refusal =
      positionError(hub.log, partition, start.position) ??
      group.refusal(partition, { name, ownerLevel });
    if (refusal) return this.#refuse(refusal);
    const link = new ConsumeLink({
      session: this.#session,
      attach: this.#attach,
      hub,
      group,
      partition,
      name,
      ownerLevel,
      start: start.position,
      wantsMetrics: this.#attach.desiredCapabilities.includes(RUNTIME_METRIC),
      counters,
      now: () => clock.now(),
      claimError: (nowMs) => this.#claimError("Listen", nowMs),
    });
    link.start();
    return link;
  }

  #reader(): { name: string; ownerLevel: number | undefined } {
    const { properties } = this.#attach;
    const level = properties.get(OWNER_LEVEL);
    const name = properties.get(RECEIVER_NAME);
    return {
      name: typeof name === "string" ? name : "nil",
      ownerLevel: typeof level === "number" ? level : undefined,
    };
  }

  #claimError(right: AccessRight, nowMs: number): AmqpError | undefined {
    const path = this.#address.toLowerCase();
    if (this.#session.connection.claims.allows(path, right, nowMs)) return undefined;
    const description = `Unauthorized access. '${right}' claim(s) are required to perform this operation, and no unexpired token gives them. Resource: '${this.#address}'. TrackingId:${randomUUID()}`;
    return { condition: "amqp:unauthorized-access", description };
  }

  #notFound(): AmqpError {
    const description = `The messaging entity '${this.#address}' could not be found.`;
    return { condition: "amqp:not-found", description };
  }

  #refuse(error: AmqpError): undefined {
    const { name, handle, clientReceives } = this.#attach;
    this.#session.answerAttach({
      name,
      handle,
      hubReceives: !clientReceives,
      presettled: clientReceives,
      source: null,
      target: null,
      messageBytesMax: 0,
      offeredCapabilities: [],
    });
    const { channel, connection } = this.#session;
    connection.write(detachFrame(channel, handle, error));
  }
}

function stripHost(address: string): string {
  return address.replace(/^amqps?:\/\/[^/]*/i, "").replace(/^\/+|\/+$/g, "");
}

function noSuchPartition(hub: EventHub): AmqpError {
  const description = `The specified partition is invalid for an EventHub partition sender or receiver. It should be between 0 and ${hub.partitions - 1}.`;
  return { condition: "com.microsoft:argument-out-of-range", description };
}
