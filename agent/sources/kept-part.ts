/**
 * A part that is to run, such as a source. Where it cannot start for a reason of its own (its port is
 * taken, its certificate is missing), it is stopped and says why, the others run, and it is tried again
 * by back-off. Each attempt is a new one: what is halfway open is never started twice. What troubles
 * it, stopped or running, becomes alarms.
 */
import type { AlarmPriority, AlarmTransition } from "#core/alarm.ts";
import { backOff } from "#core/back-off.ts";
import type { Clock, Timer } from "#core/clock.ts";
import { PenstockError } from "#core/errors.ts";
import type { Logger } from "#core/log.ts";
import { GATEWAY_DEVICE } from "#core/own-names.ts";
import type { Random } from "#core/random.ts";
import type { Trouble } from "./contract.ts";
import { TroubleAlarms } from "./trouble-alarms.ts";

export interface Part {
  /** @throws PenstockError for what it needs of this machine */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** What stands now, while it runs. */
  troubles?(): readonly Trouble[];
}

export interface KeptPartOptions<T extends Part> {
  /** As the log and the alarm name it: `bus packer`. */
  name: string;
  make: () => T;
  /** What it means that it is stopped: how the alarm's sentence begins. */
  consequence: string;
  priority: AlarmPriority;
  clock: Clock;
  /** Wall time, for the alarm. */
  wallMs: () => number;
  random: Random;
  log: Logger;
  onAlarm: (transition: AlarmTransition) => void;
}

const RETRY = { firstMs: 1000, maxMs: 60_000 };

/** Short enough for a person, and long enough for a thousand devices to be looked at. */
const LOOK_MS = 1000;

export class KeptPart<T extends Part> {
  readonly #options: KeptPartOptions<T>;
  readonly #delays: Generator<number, never, void>;
  readonly #alarms: TroubleAlarms;
  #part: T | undefined;
  #reason: string | undefined;
  #watch: Timer | undefined;
  #retry: Timer | undefined;
  #attempt: Promise<void> | undefined;
  #isStopping = false;

  constructor(options: KeptPartOptions<T>) {
    this.#options = options;
    this.#delays = backOff(RETRY, options.random);
    this.#alarms = new TroubleAlarms(options.name);
  }

  /** Undefined while it cannot start. */
  get running(): T | undefined {
    return this.#reason === undefined ? this.#part : undefined;
  }

  /** The last attempt, whatever came of it. */
  get part(): T | undefined {
    return this.#part;
  }

  /** Why it is stopped; undefined while it runs. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Resolves after the first attempt, whatever came of it. */
  async start(): Promise<void> {
    const { name, clock } = this.#options;
    this.#watch = clock.every(`troubles of ${name}`, LOOK_MS, () => this.#look());
    await this.#try();
  }

  /** Ahead of its time: somebody may have put right what was missing. */
  async tryAgain(): Promise<void> {
    if (this.#reason !== undefined) await this.#try();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#retry?.cancel();
    await this.#attempt;
    await this.#part?.stop();
    this.#watch?.cancel();
    this.#tell(this.#alarms.end(this.#options.wallMs()));
  }

  async #try(): Promise<void> {
    this.#retry?.cancel();
    this.#attempt ??= this.#startAnew();
    try {
      await this.#attempt;
    } finally {
      this.#attempt = undefined;
    }
  }

  async #startAnew(): Promise<void> {
    const part = this.#options.make();
    this.#part = part;
    try {
      await part.start();
    } catch (error) {
      await part.stop();
      if (!(error instanceof PenstockError)) throw error;
      this.#failed(error);
      return;
    }
    if (this.#reason !== undefined) this.#options.log.info({ part: this.#options.name }, "runs");
    this.#reason = undefined;
    this.#look();
  }

  #failed(error: PenstockError): void {
    const { name, clock, log } = this.#options;
    const { code, message } = error;
    if (message !== this.#reason) {
      log.error({ part: name, code, err: message }, "a part cannot start, and is tried again");
    }
    this.#reason = message;
    if (this.#isStopping) return;
    this.#look();
    const delayMs = this.#delays.next().value;
    this.#retry = clock.after(`start of ${name}`, delayMs, () => void this.#try());
  }

  #look(): void {
    if (this.#isStopping) return;
    const troubles = this.#reason === undefined ? this.#part?.troubles?.() : [this.#stopped()];
    this.#tell(this.#alarms.look(troubles ?? [], this.#options.wallMs()));
  }

  #stopped(): Trouble {
    const { name, consequence, priority } = this.#options;
    const message = `${consequence}, which cannot start: ${this.#reason}`;
    return { device: GATEWAY_DEVICE, tag: `(${name})`, rule: "stopped", priority, message };
  }

  #tell(transitions: readonly AlarmTransition[]): void {
    for (const transition of transitions) this.#options.onAlarm(transition);
  }
}
