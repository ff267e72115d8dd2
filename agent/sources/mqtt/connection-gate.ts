/**
 * Stands between a socket and the MQTT library, which reads by `read()` and writes by `write()`:
 * both are replaced on this one socket, because a wrapping stream would cost a copy of the pipeline
 * for each of thousands of messages a second.
 *
 * Reading: each chunk is followed by the scanner before the library sees it, and while too much
 * waits for the disk, or this client publishes too fast, the library is told that there is nothing.
 * Writing: the library never waits for
 * a slow subscriber, since that would hold up the publishers; one that falls too far behind is closed.
 */
import type { Socket } from "node:net";
import type { Clock, Timer } from "#core/clock.ts";
import type { CommitBacklog } from "./commit-backlog.ts";
import { type FrameFault, type FrameLimits, FrameScanner } from "./frame-scanner.ts";
import { RateBudget } from "./rate-budget.ts";

export type GateFault = FrameFault | "slow consumer" | "stalled packet";

export interface ConnectionGateOptions {
  socket: Socket;
  limits: FrameLimits;
  /** Messages a second. */
  rateMax: number;
  backlog: CommitBacklog;
  clock: Clock;
  /** The client published too fast, and is read later. */
  onThrottle: () => void;
  /** The gate destroys the socket by itself. */
  onFault: (fault: GateFault) => void;
}

/** What a subscriber may be behind. Retained messages come in one go, so it is more than those. */
const UNSENT_BYTES_MAX = 2 * 1024 * 1024;

/** A packet once begun must end within this time: nobody needs longer for `maxPayload`. */
const PACKET_MS_MAX = 60_000;

export class ConnectionGate {
  readonly #options: ConnectionGateOptions;
  readonly #scanner: FrameScanner;
  readonly #resume: () => void;
  readonly #budget: RateBudget;
  #throttle: Timer | undefined;
  #midPacketSinceMs = Number.POSITIVE_INFINITY;
  #isClosing = false;

  /** Takes effect at once. */
  constructor(options: ConnectionGateOptions) {
    const { socket, limits, rateMax, backlog, clock } = options;
    this.#options = options;
    this.#scanner = new FrameScanner(limits);
    this.#budget = new RateBudget(rateMax, clock.monotonic());
    // The library reads whenever this event comes, as it would for fresh bytes.
    this.#resume = () => void socket.emit("readable");
    this.#gateReads();
    this.#gateWrites();
    socket.once("close", () => {
      backlog.forget(this.#resume);
      this.#throttle?.cancel();
    });
  }

  /** Reads nothing more; what is being stored may still be acknowledged. */
  closeReads(): void {
    this.#isClosing = true;
  }

  destroy(): void {
    this.#options.socket.destroy();
  }

  /** Closes a connection that keeps a packet half sent. */
  checkDeadline(): void {
    if (this.#options.clock.monotonic() - this.#midPacketSinceMs > PACKET_MS_MAX) {
      this.#fail("stalled packet");
    }
  }

  #gateReads(): void {
    const { socket, backlog } = this.#options;
    const read = socket.read.bind(socket);
    socket.read = (size?: number): unknown => {
      if (this.#isClosing) return null;
      if (backlog.isFull) {
        this.#midPacketSinceMs = Number.POSITIVE_INFINITY;
        backlog.wait(this.#resume);
        return null;
      }
      if (this.#isTooFast()) return null;
      const bytes: Buffer | null = read(size);
      return bytes && this.#pass(bytes) ? bytes : null;
    };
  }

  #isTooFast(): boolean {
    if (this.#throttle) return true;
    const { clock, onThrottle } = this.#options;
    const waitMs = this.#budget.waitMs(clock.monotonic());
    if (waitMs === 0) return false;
    onThrottle();
    this.#midPacketSinceMs = Number.POSITIVE_INFINITY;
    this.#throttle = clock.after("mqtt throttle", waitMs, () => {
      this.#throttle = undefined;
      this.#resume();
    });
    return true;
  }

  #pass(bytes: Buffer): boolean {
    const before = this.#scanner.publishes;
    const fault = this.#scanner.scan(bytes);
    this.#budget.spend(this.#scanner.publishes - before);
    if (fault) {
      this.#fail(fault);
      return false;
    }
    if (!this.#scanner.isMidPacket) this.#midPacketSinceMs = Number.POSITIVE_INFINITY;
    else if (this.#midPacketSinceMs === Number.POSITIVE_INFINITY) {
      this.#midPacketSinceMs = this.#options.clock.monotonic();
    }
    return true;
  }

  #gateWrites(): void {
    const { socket } = this.#options;
    const write = socket.write.bind(socket);
    socket.write = (bytes: string | Uint8Array, encoding?: unknown): boolean => {
      write(bytes, encoding === "utf8" ? encoding : undefined);
      if (socket.writableLength > UNSENT_BYTES_MAX) this.#fail("slow consumer");
      return true;
    };
  }

  #fail(fault: GateFault): void {
    const { socket, onFault } = this.#options;
    if (socket.destroyed) return;
    socket.destroy();
    onFault(fault);
  }
}
