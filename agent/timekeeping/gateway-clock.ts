/**
 * The clock that sources stamp readings by. A gateway without a battery starts in the past, and its
 * first readings would lie there for ever: until the system's clock is known to be right, `now` gives
 * times on the boot's scale (below zero, see core/boot-time.ts), which are stored as they are and
 * turned into wall time when they are sent. That waits for the clock, `waitMaxMs` at most; after that
 * readings go out by the clock as it is, flagged `clock unsynced`, and stay so.
 */

import { encodeBootTime, isBootTime } from "#core/boot-time.ts";
import type { Clock, SleepOptions, Timer } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import type { Logger } from "#core/log.ts";
import { type BootEntry, BootTable } from "./boot-table.ts";

export interface Boot {
  /** The kernel's name for it. */
  id: string;
  /** What `clock.monotonic()` is 0 at, in milliseconds since the boot. */
  originMs: number;
}

export interface GatewayClockOptions {
  /** The system's clock, right or not. */
  clock: Clock;
  boot: Boot;
  /** File of the offsets; made when the clock has to be waited for. */
  path: string;
  waitMaxMs: number;
  /** Whether the system's clock is right. Asked again and again until it is. */
  isSynced: () => Promise<boolean>;
  log: Logger;
}

export interface ClockStatus {
  /** `waiting`: nothing is sent before the clock is right. `unsynced`: it goes out, flagged. */
  state: "synced" | "waiting" | "unsynced";
  /** By how much the clock was wrong before it was set; 0 where that is not known. */
  correctedMs: number;
}

const ASK_INTERVAL_MS = 1000;

export class GatewayClock implements Clock {
  readonly table: BootTable;
  readonly #options: GatewayClockOptions;
  #state: ClockStatus["state"] = "synced";
  #correctedMs = 0;
  #entry: BootEntry | undefined;
  #startedAtMs = 0;
  #asking: Timer | undefined;
  #isDeciding = false;
  #listener: () => void = () => {};

  constructor(options: GatewayClockOptions) {
    this.#options = options;
    this.table = new BootTable(options.path);
  }

  /** Finds out whether the clock is right. Must come before anything is stamped. */
  async start(): Promise<void> {
    const { boot, clock, log } = this.#options;
    await this.table.load();
    // A clock that was right once in this boot does not become wrong by a restart of ours.
    if (this.table.find(boot.id)?.state === "synced" || (await this.#options.isSynced())) {
      return await this.#settleOldBoots();
    }
    this.#startedAtMs = clock.monotonic();
    this.#entry = await this.table.begin(boot.id, this.#offsetMs());
    this.#state = this.#entry.state === "unsynced" ? "unsynced" : "waiting";
    log.warn({ state: this.#state }, "the clock is not known to be right");
    this.#asking = clock.every("clock", ASK_INTERVAL_MS, () => void this.#ask());
  }

  stop(): void {
    this.#asking?.cancel();
  }

  /** False while stored times cannot be told yet: nothing may be sent. */
  get isDecided(): boolean {
    return this.#state !== "waiting";
  }

  /** Called when stored times can be told. One listener. */
  onDecided(listener: () => void): void {
    this.#listener = listener;
  }

  status(): ClockStatus {
    return { state: this.#state, correctedMs: this.#correctedMs };
  }

  /** Time for a reading: on the wall's scale, or on the boot's. */
  now(): number {
    if (this.#state === "synced" || !this.#entry) return this.#options.clock.now();
    return encodeBootTime({ boot: this.#entry.number, sinceBootMs: this.#sinceBootMs() });
  }

  /** Wall time, as far as it is known by now: for what is shown and judged, not for what is sent. */
  wallOf(ts: number): number {
    return isBootTime(ts) ? this.table.resolve(ts).ts : ts;
  }

  monotonic(): number {
    return this.#options.clock.monotonic();
  }

  async sleep(delayMs: number, options: SleepOptions): Promise<void> {
    await this.#options.clock.sleep(delayMs, options);
  }

  after(name: string, delayMs: number, run: () => void): Timer {
    return this.#options.clock.after(name, delayMs, run);
  }

  every(name: string, intervalMs: number, run: () => void): Timer {
    return this.#options.clock.every(name, intervalMs, run);
  }

  /** Boots that waited when they ended wait in vain: the table says so from now on. */
  async #settleOldBoots(): Promise<void> {
    if (this.table.isEmpty) return;
    const { boot } = this.#options;
    const entry = await this.table.begin(boot.id, this.#offsetMs());
    if (entry.state === "waiting") await this.table.decide(entry, this.#offsetMs(), "synced");
  }

  async #ask(): Promise<void> {
    const { clock, waitMaxMs, isSynced, log } = this.#options;
    if (this.#isDeciding) return;
    this.#isDeciding = true;
    try {
      if (await isSynced()) await this.#synced();
      else if (this.#state === "waiting" && clock.monotonic() - this.#startedAtMs >= waitMaxMs) {
        await this.#gaveUp();
      }
    } catch (error) {
      log.error({ err: messageOf(error) }, "cannot keep the offset of the clock: readings wait");
    } finally {
      this.#isDeciding = false;
    }
  }

  async #synced(): Promise<void> {
    const { log } = this.#options;
    const entry = this.#entry;
    if (!entry) return;
    const offsetMs = this.#offsetMs();
    this.#correctedMs = Math.round(offsetMs - entry.offsetMs);
    // What was given up stays flagged: its times may have been sent already.
    if (entry.state === "waiting") await this.table.decide(entry, offsetMs, "synced");
    this.#asking?.cancel();
    this.#state = "synced";
    log.info({ correctedMs: this.#correctedMs }, "the clock is right");
    this.#listener();
  }

  async #gaveUp(): Promise<void> {
    const { log } = this.#options;
    if (!this.#entry) return;
    await this.table.decide(this.#entry, this.#offsetMs(), "unsynced");
    this.#state = "unsynced";
    log.warn("the clock did not become right in time: readings are flagged");
    this.#listener();
  }

  #sinceBootMs(): number {
    const { boot, clock } = this.#options;
    return boot.originMs + clock.monotonic();
  }

  /** Wall time at the boot's beginning, by the clock as it is now. */
  #offsetMs(): number {
    return this.#options.clock.now() - this.#sinceBootMs();
  }
}
