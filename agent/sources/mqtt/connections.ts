/** The broker's connections: each behind its gate, counted, and reported when it is closed for cause. */
import type { Socket } from "node:net";
import type { Clock, Timer } from "#core/clock.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import type { CommitBacklog } from "./commit-backlog.ts";
import { ConnectionGate, type GateFault } from "./connection-gate.ts";
import { TOPIC_BYTES_MAX } from "./topic-names.ts";

export interface ConnectionsOptions {
  maxPayload: number;
  /** Messages a second of one client. */
  maxRate: number;
  backlog: CommitBacklog;
  clock: Clock;
  log: Logger;
}

/** In a PUBLISH besides topic and payload: the topic's length and the packet id. */
const PUBLISH_FIELDS_BYTES = 4;

const SWEEP_INTERVAL_MS = 5000;

export class Connections {
  readonly counters = {
    connections: 0,
    connections_refused: 0,
    connections_failed: 0,
    packets_too_large: 0,
    slow_consumers: 0,
    rate_pauses: 0,
  };
  readonly #options: ConnectionsOptions;
  readonly #log: RateLimitedLog;
  readonly #gates = new Set<ConnectionGate>();
  #sweep: Timer | undefined;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#log = new RateLimitedLog(options.log, options.clock);
  }

  get size(): number {
    return this.#gates.size;
  }

  /** Watches the connections' deadlines from now on. */
  start(): void {
    this.#sweep = this.#options.clock.every("mqtt sweep", SWEEP_INTERVAL_MS, () => {
      for (const gate of this.#gates) gate.checkDeadline();
    });
  }

  /** Closes what is open. */
  stop(): void {
    this.#sweep?.cancel();
    for (const gate of this.#gates) gate.destroy();
  }

  /** Must come before the MQTT library takes the socket. */
  add(socket: Socket): void {
    this.counters.connections += 1;
    const { maxPayload, maxRate, backlog, clock } = this.#options;
    const gate = new ConnectionGate({
      socket,
      limits: { publishBytesMax: maxPayload + TOPIC_BYTES_MAX + PUBLISH_FIELDS_BYTES },
      rateMax: maxRate,
      backlog,
      clock,
      onThrottle: () => this.#onThrottle(socket),
      onFault: (fault) => this.#onFault(socket, fault),
    });
    this.#gates.add(gate);
    socket.once("close", () => this.#gates.delete(gate));
  }

  /** Nothing more is read; acknowledgements still go out. */
  closeReads(): void {
    for (const gate of this.#gates) gate.closeReads();
  }

  /** A connection was closed because of what the client did, or of what we could not do for it. */
  report(socket: object, reason: string, client?: string): void {
    this.counters.connections_failed += 1;
    const address = "remoteAddress" in socket ? socket.remoteAddress : undefined;
    const fields = { reason, client, address };
    this.#log.warn(`closed: ${reason}`, fields, "an MQTT client was closed");
  }

  /**
   * For whoever looks for somebody who tries passwords: a line an address. A name that no user has is
   * left out, since it may be a password in the wrong field.
   */
  reportLogin(socket: object, reason: string, claimed: { client: string; user?: string }): void {
    this.counters.connections_failed += 1;
    const address = "remoteAddress" in socket ? String(socket.remoteAddress) : "?";
    const fields = { reason, address, ...claimed };
    this.#log.warn(`login ${address}`, fields, "an MQTT login was refused");
  }

  /** A connection was closed before it was one. */
  refuse(reason: string): void {
    this.counters.connections_refused += 1;
    this.#log.warn(`refused: ${reason}`, { reason }, "an MQTT connection was refused");
  }

  #onThrottle(socket: Socket): void {
    this.counters.rate_pauses += 1;
    const { remoteAddress: address } = socket;
    this.#log.warn("rate", { address }, "an MQTT client publishes too fast, and has to wait");
  }

  #onFault(socket: Socket, fault: GateFault): void {
    if (fault === "packet too large") this.counters.packets_too_large += 1;
    if (fault === "slow consumer") this.counters.slow_consumers += 1;
    this.report(socket, fault);
  }
}
