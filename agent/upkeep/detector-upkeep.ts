/** What the detectors need besides readings: the passing of time, and a memory over restarts. */
import type { DetectorMemory } from "#agent/intake/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { Clock, Timer } from "#core/clock.ts";
import type { Logger } from "#core/log.ts";
import { LearntFile } from "./learnt-file.ts";
import { LearntKeeper } from "./learnt-keeper.ts";

export interface DetectorUpkeepOptions {
  /** File of what was learnt. */
  path: string;
  memory: DetectorMemory;
  /** Tells of the series that have fallen silent. */
  tick: () => void;
  onAlarm: (transition: AlarmTransition) => void;
  clock: Clock;
  log: Logger;
}

/** How soon after its time a silent series is told of. */
const LOOK_EVERY_MS = 1000;

export class DetectorUpkeep {
  readonly #options: DetectorUpkeepOptions;
  readonly #keeper: LearntKeeper;
  #timer: Timer | undefined;

  constructor(options: DetectorUpkeepOptions) {
    const { path, memory, clock, log, onAlarm } = options;
    this.#options = options;
    this.#keeper = new LearntKeeper({
      file: new LearntFile(path),
      memory,
      clock,
      log,
      onAlarm,
    });
  }

  /** To be called before the first reading: a series goes on from what was known of it. */
  async start(): Promise<void> {
    const { clock, tick } = this.#options;
    await this.#keeper.start();
    this.#timer = clock.every("silent series", LOOK_EVERY_MS, tick);
  }

  /** To be called behind the last reading. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#keeper.stop();
  }
}
