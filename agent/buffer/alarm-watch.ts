/** Looks at the buffer's parts for what the gateway's people should know, and tells of it as alarms. */
import type { AlarmTransition } from "#core/alarm.ts";
import type { Clock } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import { BufferAlarms, conditionsOf, newestIn } from "./buffer-alarms.ts";
import type { BufferState } from "./buffer-state.ts";
import type { CommitLoop } from "./commit-loop.ts";
import type { Dropping } from "./dropping.ts";
import type { BufferLimits, RetentionGuard } from "./retention.ts";

export interface AlarmWatchOptions {
  clock: Clock;
  limits: BufferLimits;
  retention: RetentionGuard;
  dropping: Dropping;
  commits: CommitLoop;
  damagedFolder: string;
  state: () => BufferState;
}

export class AlarmWatch {
  readonly #options: AlarmWatchOptions;
  readonly #alarms = new BufferAlarms();
  #listener: ((transition: AlarmTransition) => void) | undefined;
  #damagedAtMs: number | undefined;
  #copiedTo = 0;

  constructor(options: AlarmWatchOptions) {
    this.#options = options;
  }

  /** `copiedTo`: segments below it are of another machine, or of another name. */
  async start(copiedTo: number): Promise<void> {
    this.#copiedTo = copiedTo;
    await this.lookAtDamage();
  }

  /** Hears of the alarms, those that stand already first. */
  onAlarm(listener: (transition: AlarmTransition) => void): void {
    this.#listener = listener;
    this.look();
  }

  async lookAtDamage(): Promise<void> {
    this.#damagedAtMs = await newestIn(this.#options.damagedFolder);
  }

  look(): void {
    if (!this.#listener) return;
    const { clock, limits, retention, dropping, commits, state } = this.#options;
    const { storedBytes, firstSegment } = state();
    const conditions = conditionsOf({
      bytes: storedBytes,
      bytesMax: limits.maxBytes,
      isFull: retention.isFull(storedBytes),
      whenFull: limits.whenFull,
      droppedReadings: dropping.readings,
      sinceDropMs: clock.monotonic() - dropping.lastAtMs,
      failure: commits.failure && messageOf(commits.failure.cause),
      damagedAtMs: this.#damagedAtMs,
      isCopied: firstSegment < this.#copiedTo,
    });
    for (const transition of this.#alarms.look(conditions, clock.now())) this.#listener(transition);
  }
}
