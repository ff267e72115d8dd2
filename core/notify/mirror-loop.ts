/**
 * Keeps a mirror at what stands: at the start, at each change, and again every now and then. Changes
 * that come while it is being told are shown together afterwards.
 */
import type { AlarmState, Notice } from "../alarms/contract.ts";
import { backOff } from "../back-off.ts";
import type { Clock } from "../clock.ts";
import { isAbort } from "../errors.ts";
import type { RateLimitedLog } from "../log.ts";
import type { Random } from "../random.ts";
import type { ChannelHealth } from "./channel-health.ts";
import { failureOf, type Mirror } from "./contract.ts";
import { withDeadline } from "./deadline.ts";
import { DELIVERY_MS_MAX } from "./delivery-queue.ts";

export interface MirrorLoopOptions {
  readonly address: string;
  readonly mirror: Mirror;
  /** What it is to show now. */
  readonly standing: () => readonly AlarmState[];
  readonly health: ChannelHealth;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: RateLimitedLog;
}

const RETRY_FIRST_MS = 1000;

export class MirrorLoop {
  readonly #options: MirrorLoopOptions;
  readonly #stopping = new AbortController();
  #isChanged = false;
  #wake: (() => void) | undefined;
  #running: Promise<void> | undefined;
  /** The mirror is told one thing at a time. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: MirrorLoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.mirror.start?.();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake?.();
    await this.#running;
    await this.#options.mirror.stop?.();
  }

  /** What stands may have changed. */
  refresh(): void {
    this.#isChanged = true;
    this.#wake?.();
  }

  /** @throws DeliveryFailed; AbortError when the signal fires */
  async test(notice: Notice, signal: AbortSignal): Promise<void> {
    await this.#inTurn(async () => {
      signal.throwIfAborted();
      await this.#options.mirror.test(notice, signal);
    });
    this.refresh();
  }

  async #run(): Promise<void> {
    const { mirror } = this.#options;
    const schedule = { firstMs: RETRY_FIRST_MS, maxMs: mirror.everyMs };
    let delays = backOff(schedule, this.#options.random);
    while (!this.#stopping.signal.aborted) {
      this.#isChanged = false;
      const isShown = await this.#show();
      if (isShown) {
        delays = backOff(schedule, this.#options.random);
        await this.#rest(mirror.restMs);
      }
      await this.#idle(isShown ? mirror.everyMs : delays.next().value);
    }
  }

  async #show(): Promise<boolean> {
    const { address, mirror, standing, clock, health, log } = this.#options;
    const { signal } = this.#stopping;
    try {
      await this.#inTurn(() =>
        withDeadline(clock, "mirror", DELIVERY_MS_MAX, signal, (both) =>
          mirror.show(standing(), both),
        ),
      );
    } catch (error) {
      if (signal.aborted) return false;
      const failure = failureOf(error);
      health.failedWith(failure);
      // A bus is not yet open when its agent starts, and Alertmanager restarts.
      if (health.failuresInARow === 1) return false;
      const fields = { channel: address, code: failure.code, reason: failure.message };
      log.warn(address, fields, `what stands cannot be shown (${mirror.kind})`);
      return false;
    }
    health.succeeded();
    return true;
  }

  async #idle(waitMs: number): Promise<void> {
    if (this.#isChanged || this.#stopping.signal.aborted) return;
    const woken = Promise.withResolvers<void>();
    this.#wake = woken.resolve;
    const { clock, address } = this.#options;
    const timer = clock.after(`mirror ${address}`, waitMs, woken.resolve);
    await woken.promise;
    timer.cancel();
    this.#wake = undefined;
  }

  async #rest(restMs: number): Promise<void> {
    const { clock, address } = this.#options;
    const { signal } = this.#stopping;
    if (restMs === 0) return;
    try {
      await clock.sleep(restMs, { name: `rest of ${address}`, signal });
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const before = this.#turn;
    const done = Promise.withResolvers<void>();
    this.#turn = done.promise;
    await before;
    try {
      await work();
    } finally {
      done.resolve();
    }
  }
}
