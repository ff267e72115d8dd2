/** Tells of alarms on this machine, at once: in the log, and to whoever listens. */
import type { AlarmTransition } from "#core/alarm.ts";
import type { Clock } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import { AlarmLog } from "./alarm-log.ts";

export interface AlarmAnnouncerOptions {
  clock: Clock;
  log: Logger;
  /** Must not block. */
  onAlarm?: ((transition: AlarmTransition) => void) | undefined;
}

export class AlarmAnnouncer {
  readonly #onAlarm: AlarmAnnouncerOptions["onAlarm"];
  readonly #alarmLog: AlarmLog;
  readonly #log: RateLimitedLog;

  constructor({ clock, log, onAlarm }: AlarmAnnouncerOptions) {
    this.#onAlarm = onAlarm;
    this.#alarmLog = new AlarmLog(log, clock);
    this.#log = new RateLimitedLog(log, clock);
  }

  announce(news: readonly AlarmTransition[]): void {
    for (const transition of news) {
      this.#alarmLog.write(transition);
      try {
        this.#onAlarm?.(transition);
      } catch (error) {
        // A listener that fails must cost neither the other alarms nor the readings.
        this.#log.warn("listener", { err: messageOf(error) }, "cannot pass on an alarm");
      }
    }
  }
}
