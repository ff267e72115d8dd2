/**
 * Keeps what the detectors know over restarts: read at the start, written every few minutes and at
 * the end. A kill in between costs what the minutes since have taught; readings that are sent again
 * behind it are learnt twice. What cannot be read or written is told, and costs no reading.
 */

import type { DetectorMemory } from "#agent/intake/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { Clock, Timer } from "#core/clock.ts";
import { messageOf, PenstockError } from "#core/errors.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import { GATEWAY_DEVICE } from "#core/own-names.ts";
import type { LearntFile } from "./learnt-file.ts";

export interface LearntKeeperOptions {
  file: LearntFile;
  memory: DetectorMemory;
  clock: Clock;
  log: Logger;
  onAlarm: (transition: AlarmTransition) => void;
}

/** 10,000 series are 4 MB: 0.6 GB a day, which a card of some quality bears for years. */
const WRITE_EVERY_MS = 10 * 60_000;

export class LearntKeeper {
  readonly #options: LearntKeeperOptions;
  readonly #log: RateLimitedLog;
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #damage: AlarmTransition | undefined;

  constructor(options: LearntKeeperOptions) {
    this.#options = options;
    this.#log = new RateLimitedLog(options.log, options.clock);
  }

  /** Never rejects: whoever cannot remember learns anew. */
  async start(): Promise<void> {
    const { file, memory, clock, log } = this.#options;
    try {
      const outdated = memory.remember(await file.read(), clock.now());
      if (outdated > 0) log.warn({ series: outdated }, "learnt by an earlier version: learnt anew");
    } catch (error) {
      log.error({ err: error }, "what the detectors had learnt cannot be read: they learn anew");
      if (error instanceof PenstockError) await this.#setAside(error);
    }
    this.#timer = clock.every("what was learnt", WRITE_EVERY_MS, () => void this.write());
  }

  async stop(): Promise<void> {
    // Who was never started has nothing to keep, and must not write over what is there.
    if (!this.#timer) return;
    this.#timer.cancel();
    this.#timer = undefined;
    await this.#writing;
    await this.write();
  }

  /** Writes it now, one at a time. Never rejects. */
  async write(): Promise<void> {
    this.#writing ??= this.#write();
    await this.#writing;
    this.#writing = undefined;
  }

  async #write(): Promise<void> {
    const { file, memory } = this.#options;
    try {
      await file.write(memory.learnt());
      this.#settleDamage();
    } catch (error) {
      this.#log.warn("write", { err: messageOf(error) }, "what was learnt cannot be written");
    }
  }

  async #setAside(damage: PenstockError): Promise<void> {
    const { file, clock, log, onAlarm } = this.#options;
    const ts = clock.now();
    let where = "";
    try {
      where = `; the file is now ${await file.setAside()}`;
    } catch (error) {
      log.error({ err: error }, "the damaged file cannot be set aside");
    }
    this.#damage = {
      id: `${GATEWAY_DEVICE} learnt-damaged ${ts}`,
      device: GATEWAY_DEVICE,
      tag: "(detectors)",
      rule: "learnt-damaged",
      state: "active",
      priority: "low",
      ts,
      value: 0,
      expected: 0,
      message: `${damage.message}. The detectors learn anew${where}`,
    };
    onAlarm(this.#damage);
  }

  /** A new file is in the old one's place. */
  #settleDamage(): void {
    if (!this.#damage) return;
    const ts = this.#options.clock.now();
    const message = "what the detectors learn is kept again";
    const id = `${GATEWAY_DEVICE} learnt-damaged cleared ${ts}`;
    this.#options.onAlarm({ ...this.#damage, id, state: "cleared", ts, message });
    this.#damage = undefined;
  }
}
