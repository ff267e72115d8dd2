/**
 * The alarm desk of the database. Every sink process has one, and one of them holds the lease: it
 * takes transitions in, judges the rules and notifies people. The others claim it every two
 * seconds, and so go on within ten of its holder's end.
 */
import type { Clock } from "#core/clock.ts";
import { messageOf, PenstockError } from "#core/errors.ts";
import type { RateLimitedLog } from "#core/log.ts";
import type { AlarmRow } from "../store/alarm-row.ts";
import type { DeskLease, DeskStore, KeptDesk } from "../store/desk-contract.ts";
import { type DeskTerm, LeaseLost } from "./desk-term.ts";

const CLAIM_EVERY_MS = 2000;
/** Three renewals may fail. */
const LEASE_MS = 10_000;
const RENEW_EVERY_MS = 3000;
/** What other sinks have committed is seen after this long; what this one has, at once. */
const LOOK_EVERY_MS = 500;
const JUDGE_EVERY_MS = 2000;

/** What a term needs besides: made anew with each. */
export interface OpenTerm {
  readonly term: DeskTerm;
  start(): Promise<void>;
  /** Nothing is told any more. */
  stop(): Promise<void>;
}

export interface AlarmDeskOptions {
  readonly desk: () => DeskStore;
  /** Unlike any other's, also of other processes. */
  readonly owner: string;
  readonly open: (lease: DeskLease, kept: KeptDesk) => OpenTerm;
  /** Transitions of the sink's own rules, just now. */
  readonly onRaised: (alarms: readonly AlarmRow[]) => void;
  readonly clock: Clock;
  readonly log: RateLimitedLog;
  /** A programmer's error: the process must end. */
  readonly onFatal: (error: unknown) => void;
}

export class AlarmDesk {
  readonly #options: AlarmDeskOptions;
  readonly #abort = new AbortController();
  #running: Promise<void> | undefined;
  #lease: DeskLease | undefined;
  /** The lease was seen to be someone else's. */
  #isLost = false;
  #renewing: Promise<void> = Promise.resolve();
  #isNudged = false;
  #wake: () => void = () => undefined;

  constructor(options: AlarmDeskOptions) {
    this.#options = options;
  }

  /** The store is started. */
  start(): void {
    this.#running = this.#run().catch(this.#options.onFatal);
  }

  /** Gives the lease up, so that another sink goes on at once. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#wake();
    await this.#running;
  }

  get isHeld(): boolean {
    return this.#lease !== undefined;
  }

  /** There is something new. */
  nudge(): void {
    this.#isNudged = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        const lease = await this.#options.desk().claim(this.#options.owner, LEASE_MS);
        if (lease) await this.#hold(lease);
      } catch (error) {
        if (error instanceof LeaseLost) {
          this.#options.log.warn("lease", {}, "another sink keeps the alarms now");
        } else if (error instanceof PenstockError && error.code === "STORE_FAILED") {
          this.#options.log.warn(
            "desk",
            { reason: error.message },
            "the alarms wait for the database",
          );
        } else throw error;
      }
      await this.#sleep(CLAIM_EVERY_MS);
    }
  }

  async #hold(lease: DeskLease): Promise<void> {
    const { desk, open, clock } = this.#options;
    const opened = open(lease, await desk().load());
    const renewing = clock.every("desk lease", RENEW_EVERY_MS, () => {
      this.#renewing = this.#renew(lease);
    });
    this.#lease = lease;
    this.#isLost = false;
    try {
      await opened.start();
      await this.#work(opened.term);
    } finally {
      this.#lease = undefined;
      renewing.cancel();
      await this.#renewing;
      await opened.stop();
      await this.#release(lease);
    }
  }

  async #work(term: DeskTerm): Promise<void> {
    const { clock } = this.#options;
    let judgeAtMs = clock.monotonic();
    while (!this.#abort.signal.aborted) {
      if (this.#isLost) throw new LeaseLost();
      if (await term.takeIn()) continue;
      if (clock.monotonic() >= judgeAtMs) {
        judgeAtMs = clock.monotonic() + JUDGE_EVERY_MS;
        const raised = await term.judge();
        if (raised.length > 0) {
          this.#options.onRaised(raised);
          continue;
        }
      }
      await this.#sleep(LOOK_EVERY_MS);
    }
  }

  async #renew({ owner, term }: DeskLease): Promise<void> {
    const { desk, log } = this.#options;
    try {
      const renewed = await desk().claim(owner, LEASE_MS);
      if (renewed?.term !== term) this.#isLost = true;
    } catch (error) {
      log.warn("renew", { reason: messageOf(error) }, "the desk's lease was not renewed");
    }
  }

  async #release(lease: DeskLease): Promise<void> {
    try {
      await this.#options.desk().release(lease);
    } catch (error) {
      this.#options.log.warn(
        "release",
        { reason: messageOf(error) },
        "the desk's lease ends by itself",
      );
    }
  }

  /** Until it is time, or something is new, or all ends. */
  async #sleep(delayMs: number): Promise<void> {
    if (!this.#isNudged && !this.#abort.signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = this.#options.clock.after("desk", delayMs, resolve);
        this.#wake = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    this.#isNudged = false;
  }
}
