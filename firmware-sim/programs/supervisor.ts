/**
 * Keeps one program running: starts it, waits until it says it is ready, and starts it again, with
 * the same arguments, when it ended by itself or was killed.
 *
 * A program that refuses its arguments or its configuration, or that keeps ending before it is
 * ready, is given up.
 */
import { type BackOffSchedule, backOff } from "#core/back-off.ts";
import type { Clock } from "#core/clock.ts";
import { PenstockError } from "#core/errors.ts";
import type { Random } from "#core/random.ts";
import { tailOf } from "./log-tail.ts";
import { type Exit, ProgramLife, type ProgramSpec } from "./program-life.ts";

export interface SupervisorParts {
  clock: Clock;
  random: Random;
  /** Told of every end that nobody asked for, and of every restart; one or more lines. */
  notice: (text: string) => void;
  /** Pauses before a restart; from 0.4 s on unless given. */
  restart?: BackOffSchedule;
}

const RESTART: BackOffSchedule = { firstMs: 400, maxMs: 5000, jitter: 0.2 };
const READY_WITHIN_MS = 60_000;
const FAILED_STARTS_MAX = 4;
/** Misuse, and bad configuration: starting again would only repeat it. */
const HOPELESS_CODES: ReadonlySet<number> = new Set([2, 78]);

export class Supervisor {
  readonly #spec: ProgramSpec;
  readonly #parts: SupervisorParts;
  #life: ProgramLife | undefined;
  #running: Promise<void> | undefined;
  readonly #stopping = new AbortController();
  /** This life was to end. */
  #isAskedToEnd = false;
  #isReady = false;
  #kills = 0;
  #crashes = 0;
  #failedStarts = 0;
  readonly #firstReady = Promise.withResolvers<string>();
  #nextReady = Promise.withResolvers<void>();
  readonly #failure = Promise.withResolvers<never>();
  /** No life begins before this resolves. */
  #gate: Promise<unknown> = Promise.resolve();

  /** The specification is read at each start: what changes in it holds from the next life on. */
  constructor(spec: ProgramSpec, parts: SupervisorParts) {
    this.#spec = spec;
    this.#parts = parts;
    // Who does not wait for these must not be ended by them.
    this.#failure.promise.catch(() => undefined);
    this.#firstReady.promise.catch(() => undefined);
  }

  get name(): string {
    return this.#spec.name;
  }

  get pid(): number | undefined {
    return this.#life?.pid;
  }

  /** True from the first line of this life to its end. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Ends by `kill`. */
  get kills(): number {
    return this.#kills;
  }

  /** Ends that nobody asked for. */
  get crashes(): number {
    return this.#crashes;
  }

  /** Rejects when the program is given up; never resolves. */
  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  /**
   * Starts the program; resolves with its first line on standard output.
   * @throws PenstockError PROGRAM_FAILED
   */
  start(): Promise<string> {
    this.#running ??= this.#run();
    return Promise.race([this.#firstReady.promise, this.#failure.promise]);
  }

  /** Ends the program as a power cut does; it is started again. Resolves when it is dead. */
  async kill(): Promise<void> {
    const life = this.#life;
    if (life?.pid === undefined) return;
    this.#isAskedToEnd = true;
    this.#kills += 1;
    life.signal("SIGKILL");
    await life.exited;
  }

  /** Ends the program as `kill` does, and starts it again after `work`; resolves when it is ready. */
  async whileDown(work: () => Promise<void>): Promise<void> {
    const gate = Promise.withResolvers<void>();
    this.#gate = gate.promise;
    this.#nextReady = Promise.withResolvers();
    try {
      await this.kill();
      await work();
    } finally {
      gate.resolve();
    }
    await Promise.race([this.#nextReady.promise, this.#failure.promise]);
  }

  /** Stops the program's time, as a host that swaps or a debugger does, until `thaw`. */
  freeze(): void {
    this.#life?.signal("SIGSTOP");
  }

  thaw(): void {
    this.#life?.signal("SIGCONT");
  }

  /** Asks the program to end, and starts it again; resolves when it is ready. */
  async restart(graceMs: number): Promise<void> {
    const life = this.#life;
    if (life?.pid === undefined) return;
    this.#isAskedToEnd = true;
    this.#nextReady = Promise.withResolvers();
    await this.#end(life, graceMs);
    await Promise.race([this.#nextReady.promise, this.#failure.promise]);
  }

  /** Asks the program to end, and makes it end after `graceMs`. It stays ended. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    if (this.#life) await this.#end(this.#life, graceMs);
    await this.#running;
  }

  /** For the very last moment: ends the process group without waiting. */
  destroy(): void {
    this.#stopping.abort();
    this.#life?.signal("SIGKILL");
  }

  async #end(life: ProgramLife, graceMs: number): Promise<void> {
    life.signal("SIGTERM");
    const impatience = this.#parts.clock.after(`stop ${this.name}`, graceMs, () => {
      this.#parts.notice(`${this.name} did not end within ${graceMs} ms and was killed`);
      life.signal("SIGKILL");
    });
    await life.exited;
    impatience.cancel();
  }

  async #run(): Promise<void> {
    const restart = this.#parts.restart ?? RESTART;
    let delays = backOff(restart, this.#parts.random);
    while (!this.#stopping.signal.aborted) {
      const wasReady = await this.#live();
      if (this.#stopping.signal.aborted || this.#failedStarts > FAILED_STARTS_MAX) return;
      if (wasReady) delays = backOff(restart, this.#parts.random);
      await this.#pause(delays.next().value);
      await this.#gate;
    }
  }

  /** One life; resolves when it is over, with whether it had been ready. */
  async #live(): Promise<boolean> {
    this.#isAskedToEnd = false;
    const life = new ProgramLife(this.#spec);
    this.#life = life;
    const slow = this.#parts.clock.after(`start ${this.name}`, READY_WITHIN_MS, () => {
      this.#parts.notice(`${this.name} was not ready within ${READY_WITHIN_MS / 1000} s`);
      life.signal("SIGKILL");
    });
    const line = await life.firstLine;
    slow.cancel();
    if (line !== undefined) this.#becameReady(line);
    const exit = await life.exited;
    this.#isReady = false;
    if (!this.#stopping.signal.aborted) await this.#account(exit, line !== undefined);
    return line !== undefined;
  }

  #becameReady(line: string): void {
    this.#isReady = true;
    this.#failedStarts = 0;
    if (this.#kills + this.#crashes > 0) this.#parts.notice(`${this.name} is back`);
    this.#firstReady.resolve(line);
    this.#nextReady.resolve();
  }

  /** Books the end of a life that was to go on. */
  async #account(exit: Exit, wasReady: boolean): Promise<void> {
    if (this.#isAskedToEnd) return;
    this.#crashes += 1;
    if (!wasReady) this.#failedStarts += 1;
    const { name, logFile } = this.#spec;
    const how = exit.signal === null ? `with exit code ${exit.code}` : `by ${exit.signal}`;
    this.#parts.notice(`${name} ended ${how}; the end of ${logFile}:\n${await tailOf(logFile)}`);
    const isHopeless = !wasReady && HOPELESS_CODES.has(exit.code ?? 0);
    if (isHopeless || this.#failedStarts > FAILED_STARTS_MAX) this.#giveUp(how);
  }

  #giveUp(how: string): void {
    this.#failedStarts = Number.POSITIVE_INFINITY;
    const message = `${this.name} cannot be started: it ended ${how}, see ${this.#spec.logFile}`;
    this.#failure.reject(
      new PenstockError("PROGRAM_FAILED", message, { context: { program: this.name } }),
    );
  }

  async #pause(delayMs: number): Promise<void> {
    const signal = this.#stopping.signal;
    // Ended early only by `stop`, which the caller looks at.
    await this.#parts.clock
      .sleep(delayMs, { name: `restart ${this.name}`, signal })
      .catch(() => undefined);
  }
}
