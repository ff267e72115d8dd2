/**
 * A TCP link between two programs, at a port that it keeps, which can fail as networks do:
 *
 * - `cut`: connections are reset, and new ones are refused;
 * - `black-hole`: nothing passes either way on any connection, old or new, and nobody is told; what
 *   was sent is delivered when the link heals, as TCP would;
 * - `half-open`: on the connections that there are, what the near side sends arrives, and what the
 *   far side answers is swallowed; new connections work. When the link heals, the old ones are reset;
 * - `slow`: each direction of each connection carries so many bytes a second.
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Clock, Timer } from "#core/clock.ts";

export type LinkState = "open" | "cut" | "black-hole" | "half-open" | "slow";

export interface LinkProxySettings {
  /** Where the near side connects to; 0 lets the system pick. */
  port: number;
  /** Where the far side listens. */
  targetPort: number;
}

const HOST = "127.0.0.1";

export class LinkProxy {
  readonly #settings: LinkProxySettings;
  readonly #clock: Clock;
  readonly #pairs = new Set<Pair>();
  #server: Server | undefined;
  #port: number;
  #state: LinkState = "open";
  #bytesPerSecond = Number.POSITIVE_INFINITY;

  constructor(settings: LinkProxySettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#port = settings.port;
  }

  get port(): number {
    return this.#port;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Connections that there are. */
  get connections(): number {
    return this.#pairs.size;
  }

  async start(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (near) => this.#accept(near));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, HOST, resolve);
    });
    const address = server.address();
    if (typeof address === "object" && address !== null) this.#port = address.port;
  }

  async stop(): Promise<void> {
    for (const pair of this.#pairs) pair.reset();
    await this.#stopListening();
  }

  /** Resolves when no connection is left and the port refuses. */
  async cut(): Promise<void> {
    this.#state = "cut";
    for (const pair of this.#pairs) pair.reset();
    await this.#stopListening();
  }

  blackHole(): void {
    this.#state = "black-hole";
    for (const pair of this.#pairs) pair.hold();
  }

  /** Swallows the answers on the connections that there are. */
  goHalfOpen(): void {
    this.#state = "half-open";
    for (const pair of this.#pairs) pair.swallowAnswers();
  }

  slow(bytesPerSecond: number): void {
    this.#state = "slow";
    this.#bytesPerSecond = bytesPerSecond;
    for (const pair of this.#pairs) pair.limit(bytesPerSecond);
  }

  async heal(): Promise<void> {
    const wasCut = this.#state === "cut";
    this.#state = "open";
    this.#bytesPerSecond = Number.POSITIVE_INFINITY;
    for (const pair of this.#pairs) pair.heal();
    if (wasCut) await this.start();
  }

  #accept(near: Socket): void {
    const pair = new Pair(near, this.#settings.targetPort, this.#clock);
    this.#pairs.add(pair);
    pair.whenClosed(() => this.#pairs.delete(pair));
    if (this.#state === "black-hole") pair.hold();
    else pair.limit(this.#bytesPerSecond);
  }

  async #stopListening(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }
}

/** One connection: the near side's socket and the one to the far side. */
class Pair {
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #requests: Flow;
  readonly #answers: Flow;

  constructor(near: Socket, targetPort: number, clock: Clock) {
    this.#near = near;
    this.#far = connect({ host: HOST, port: targetPort, noDelay: true, allowHalfOpen: true });
    near.setNoDelay(true);
    this.#requests = new Flow(near, this.#far, clock);
    this.#answers = new Flow(this.#far, near, clock);
    for (const socket of [near, this.#far]) socket.on("error", () => this.reset());
    near.on("close", () => this.#far.destroy());
    this.#far.on("close", () => {
      // A far side that hangs up is not heard either while its answers are swallowed.
      if (!this.#answers.isSwallowing) near.destroy();
    });
  }

  whenClosed(run: () => void): void {
    this.#near.on("close", run);
  }

  /** Both sides see a reset connection. */
  reset(): void {
    this.#near.resetAndDestroy();
    this.#far.resetAndDestroy();
  }

  hold(): void {
    this.#requests.hold();
    this.#answers.hold();
  }

  swallowAnswers(): void {
    this.#answers.swallow();
  }

  limit(bytesPerSecond: number): void {
    this.#requests.limit(bytesPerSecond);
    this.#answers.limit(bytesPerSecond);
  }

  heal(): void {
    // What was swallowed is missing in the stream: such a connection can only end.
    if (this.#answers.isSwallowing) this.reset();
    this.#requests.release();
    this.#answers.release();
  }
}

/** One direction of one connection. */
class Flow {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #clock: Clock;
  #isHeld = false;
  #bytesPerSecond = Number.POSITIVE_INFINITY;
  /** What a slow link has taken, and not yet delivered. */
  #underWay: { bytes: Buffer; timer: Timer } | undefined;
  isSwallowing = false;

  constructor(from: Socket, to: Socket, clock: Clock) {
    this.#from = from;
    this.#to = to;
    this.#clock = clock;
    from.on("data", (bytes: Buffer) => this.#take(bytes));
    from.on("end", () => {
      if (!this.isSwallowing) to.end();
    });
    to.on("drain", () => this.#readOn());
  }

  hold(): void {
    this.#isHeld = true;
    this.#from.pause();
  }

  swallow(): void {
    this.isSwallowing = true;
  }

  limit(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  release(): void {
    this.#isHeld = false;
    this.#bytesPerSecond = Number.POSITIVE_INFINITY;
    if (this.#underWay) this.#deliver(this.#underWay.bytes);
    else this.#readOn();
  }

  #take(bytes: Buffer): void {
    if (this.isSwallowing) return;
    if (this.#bytesPerSecond === Number.POSITIVE_INFINITY) {
      this.#deliver(bytes);
      return;
    }
    this.#from.pause();
    const delayMs = (bytes.length / this.#bytesPerSecond) * 1000;
    const timer = this.#clock.after("slow link", delayMs, () => this.#deliver(bytes));
    this.#underWay = { bytes, timer };
  }

  #deliver(bytes: Buffer): void {
    this.#underWay?.timer.cancel();
    this.#underWay = undefined;
    if (this.#to.destroyed) return;
    if (this.#to.write(bytes)) this.#readOn();
    else this.#from.pause();
  }

  #readOn(): void {
    if (!this.#isHeld && !this.#underWay) this.#from.resume();
  }
}
