/**
 * Tells systemd how this program fares (sd_notify(3)). Node has no datagram sockets of the Unix
 * kind, so each message goes through the program `systemd-notify`; the unit therefore needs
 * `NotifyAccess=all`. The watchdog is fed by a timer of the main loop, and only while the program
 * says that its work goes on: a loop that hangs, or work that stands still, ends in a restart.
 */
import { execFile } from "node:child_process";
import type { Clock, Timer } from "./clock.ts";
import type { Logger } from "./log.ts";

export interface ServiceManagerOptions {
  /** `NOTIFY_SOCKET` and `WATCHDOG_USEC` are systemd's; without the first nothing is told. */
  environment: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  log: Logger;
  /** What stands still, as a sentence; undefined while work goes on. */
  stalled: () => string | undefined;
}

/** Two may go astray before systemd acts. */
const FEEDS_PER_TIMEOUT = 3;
/** The message is small and the socket local; a process that takes longer is stuck. */
const NOTIFY_MS_MAX = 5000;

export class ServiceManager {
  readonly #options: ServiceManagerOptions;
  #timer: Timer | undefined;
  #isStalled = false;

  constructor(options: ServiceManagerOptions) {
    this.#options = options;
  }

  /** The program does its work from now on; the watchdog is fed from here. */
  ready(status: string): void {
    const { environment, clock } = this.#options;
    this.#tell("--ready", `--status=${status}`);
    const watchdogMs = Number(environment["WATCHDOG_USEC"] ?? 0) / 1000;
    if (watchdogMs > 0) {
      const intervalMs = watchdogMs / FEEDS_PER_TIMEOUT;
      this.#timer = clock.every("systemd watchdog", intervalMs, () => this.#feed());
    }
  }

  /** The program begins to end; systemd's own time-out watches over that. */
  stopping(): void {
    this.#timer?.cancel();
    this.#tell("STOPPING=1");
  }

  #feed(): void {
    const { log, stalled } = this.#options;
    const reason = stalled();
    if (reason === undefined) {
      this.#isStalled = false;
      return this.#tell("WATCHDOG=1");
    }
    if (!this.#isStalled) log.error({ reason }, "work stands still; the watchdog is not fed");
    this.#isStalled = true;
  }

  #tell(...message: string[]): void {
    const { environment, log } = this.#options;
    if (environment["NOTIFY_SOCKET"] === undefined) return;
    const options = { timeout: NOTIFY_MS_MAX, env: environment };
    execFile("systemd-notify", message, options, (error) => {
      if (error) log.warn({ err: error }, "systemd could not be told how this program fares");
    });
  }
}
