/** Tells of alarms that are not kept, by the disk or for want of room, as alarms of the gateway's own. */
import type { AlarmTransition } from "#core/alarm.ts";
import type { AlarmPlace } from "#core/alarms/state-key.ts";
import type { Clock, Timer } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import { GATEWAY_DEVICE } from "#core/own-names.ts";

export interface WatchedStore {
  readonly failure: Error | undefined;
  hasDamaged(): Promise<boolean>;
}

export interface StoreWatchOptions {
  store: WatchedStore;
  /** How many alarms, since the start, had to go because the list was full. */
  takenOff: () => number;
  /** Whether that alarm stands, also from before a restart. */
  isActive: (place: AlarmPlace) => boolean;
  onAlarm: (transition: AlarmTransition) => void;
  clock: Clock;
  log: Logger;
}

const LOOK_MS = 1000;
/** A list of which nothing went for so long is full no more. */
const FULL_MS = 600_000;

export class StoreWatch {
  readonly #options: StoreWatchOptions;
  readonly #log: RateLimitedLog;
  #timer: Timer | undefined;
  #look: Promise<void> | undefined;
  #takenOff = 0;
  #fullUntilMs = 0;

  constructor(options: StoreWatchOptions) {
    this.#options = options;
    this.#log = new RateLimitedLog(options.log, options.clock);
  }

  start(): void {
    this.#timer = this.#options.clock.every("alarms' disk", LOOK_MS, () => {
      this.#look ??= this.look().finally(() => {
        this.#look = undefined;
      });
    });
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#look;
  }

  async look(): Promise<void> {
    const { failure } = this.#options.store;
    this.#tell(
      "alarms-failing",
      failure !== undefined,
      `A restart would not know the alarms of now: ${failure?.message}.`,
      "The gateway's alarms are kept again.",
    );
    this.#tell(
      "alarms-full",
      this.#isFull(),
      `${this.#takenOff} alarms that mattered least were taken off the list, which is full: nobody is told of ` +
        "their ends. The journal names them. Find out what raises so many.",
      "The list of alarms is no longer full.",
    );
    this.#tell(
      "alarms-damaged",
      await this.#isDamaged(),
      "What the gateway knew of its alarms was damaged, or could not be read at its start, and lies in a folder that begins with " +
        '"damaged-"; acknowledgements and shelvings are lost. Mind the disk. The alarm ends when ' +
        "that folder is deleted.",
      "The damaged alarms were deleted.",
    );
  }

  #isFull(): boolean {
    const takenOff = this.#options.takenOff();
    const nowMs = this.#options.clock.monotonic();
    if (takenOff > this.#takenOff) this.#fullUntilMs = nowMs + FULL_MS;
    this.#takenOff = takenOff;
    return nowMs < this.#fullUntilMs;
  }

  async #isDamaged(): Promise<boolean> {
    try {
      return await this.#options.store.hasDamaged();
    } catch (error) {
      this.#log.warn("folder", { err: messageOf(error) }, "cannot look at the kept alarms");
      return false;
    }
  }

  #tell(rule: string, isNow: boolean, raised: string, over: string): void {
    const { isActive, onAlarm, clock } = this.#options;
    const place = { device: GATEWAY_DEVICE, tag: "(alarms)", rule };
    if (isActive(place) === isNow) return;
    const ts = clock.now();
    onAlarm({
      ...place,
      id: `${GATEWAY_DEVICE} ${rule} ${isNow ? "begun" : "over"} ${ts}`,
      state: isNow ? "active" : "cleared",
      priority: "high",
      ts,
      value: isNow ? 1 : 0,
      expected: 0,
      message: isNow ? raised : over,
    });
  }
}
