/**
 * The one queue of a bus: takes the device whose turn is due (one with tags of several intervals has
 * a turn for each), polls it, hands its readings over, and between turns probes a silent device when
 * the budget allows. It ends only when it is stopped; whatever goes wrong in a poll costs that poll.
 *
 * Several connections take their turns from the same queue; a device is asked on one at a time.
 */
import type { HandOver } from "#agent/sources/hand-over.ts";
import type { Clock } from "#core/clock.ts";
import { isAbort, messageOf } from "#core/errors.ts";
import type { RateLimitedLog } from "#core/log.ts";
import type { DevicePoller } from "./device-poller.ts";
import { GuestQueue } from "./guest-queue.ts";
import type { ModbusLink } from "./link.ts";
import type { PollGroup } from "./poll-group.ts";
import { ProbeBudget } from "./probe-budget.ts";
import { Schedule } from "./schedule.ts";

/** Turns in a row without I/O, after which the event loop gets its turn. */
const IDLE_TURNS_MAX = 32;

const FAULT_PAUSE_MS = 100;

/** How long a connection that is lost leaves the turns to the others. */
const CLOSED_PAUSE_MS = 100;

/** How long a bus without devices sleeps at a time. */
const IDLE_MS = 1000;

export interface LoopCounters {
  polls: number;
  /** Turns that passed because the bus was late. */
  pollsMissed: number;
  /** Polls that ended in an unexpected error. */
  pollsFailed: number;
  probes: number;
  /** Requests of technicians' commands. */
  guests: number;
}

/** What a turn of the schedule is for. */
interface Rhythm {
  poller: DevicePoller;
  group: PollGroup;
}

export interface PollLoopOptions {
  pollers: readonly DevicePoller[];
  /** One, or several connections to the same bus. Commands have the first. */
  links: readonly ModbusLink[];
  handOver: HandOver;
  clock: Clock;
  log: RateLimitedLog;
  signal: AbortSignal;
}

export class PollLoop {
  readonly counters: LoopCounters = {
    polls: 0,
    pollsMissed: 0,
    pollsFailed: 0,
    probes: 0,
    guests: 0,
  };
  /** Requests of commands: each waits for what is on the wire, and takes turns with the polls. */
  readonly guests = new GuestQueue(() => this.#wake());
  readonly #options: PollLoopOptions;
  readonly #rhythms: readonly Rhythm[];
  readonly #schedule: Schedule;
  readonly #budget = new ProbeBudget();
  /** Devices that are being asked. */
  readonly #busy = new Set<DevicePoller>();
  #idleTurns = 0;
  #guestWentLast = false;
  /** Ends the sleep between turns. */
  #nap = new AbortController();

  constructor(options: PollLoopOptions) {
    this.#options = options;
    this.#rhythms = options.pollers.flatMap((poller) =>
      poller.groups.map((group) => ({ poller, group })),
    );
    const intervalsMs = this.#rhythms.map(({ group }) => group.intervalMs);
    const priorities = this.#rhythms.map(({ poller }) => poller.priority);
    this.#schedule = new Schedule(intervalsMs, options.clock.monotonic(), priorities);
  }

  /** Resolves when the signal fires. */
  async run(): Promise<void> {
    const { links, signal } = this.#options;
    signal.addEventListener("abort", () => this.#nap.abort(), { once: true });
    try {
      await Promise.all(links.map((link) => this.#serve(link)));
    } finally {
      this.guests.close();
    }
  }

  async #serve(link: ModbusLink): Promise<void> {
    while (!this.#options.signal.aborted) {
      try {
        await this.#step(link);
      } catch (error) {
        if (!isAbort(error)) await this.#survive(error);
      }
    }
  }

  /** A fault of ours in one poll must not end all polling; the pause keeps it from spinning. */
  async #survive(error: unknown): Promise<void> {
    const { log, signal, clock } = this.#options;
    this.counters.pollsFailed += 1;
    log.warn("poll", { err: messageOf(error) }, "a poll failed unexpectedly");
    try {
      await clock.sleep(FAULT_PAUSE_MS, { name: "modbus fault", signal });
    } catch {
      // Stopped: the loop sees it.
    }
  }

  /**
   * A probe within its budget goes first, since a bus without idle time would never let it go; then
   * the turns; then a probe beyond the budget, if it is over before anybody else wants the bus.
   */
  async #step(link: ModbusLink): Promise<void> {
    const { links, clock } = this.#options;
    const nowMs = clock.monotonic();
    const turn = this.#schedule.next(nowMs, (index) => this.#isFree(index));
    const turnIsDue = turn !== undefined && turn.dueMs <= nowMs;
    if (link === links[0]) {
      const isGuestsTurn = !this.guests.isEmpty && !(turnIsDue && this.#guestWentLast);
      if (isGuestsTurn) return await this.#serveGuest();
      this.#guestWentLast = false;
    }
    // What another connection can read must not fail for want of this one.
    if (!link.isOpen && links.some((other) => other.isOpen)) {
      return await this.#sleep(CLOSED_PAUSE_MS);
    }
    const probe = this.#nextProbe(link);
    const budgetedMs = Math.max(probe?.atMs ?? Number.POSITIVE_INFINITY, this.#budget.freeAtMs);
    if (probe && budgetedMs <= nowMs) return await this.#probe(link, probe.poller);
    if (turnIsDue) return await this.#takeTurn(link, turn.index);
    if (probe && probe.atMs <= nowMs && this.#fitsIn(probe.poller)) {
      return await this.#probe(link, probe.poller);
    }
    const untilMs = Math.min(turn?.dueMs ?? nowMs + IDLE_MS, budgetedMs);
    await this.#sleep(untilMs - nowMs);
  }

  async #serveGuest(): Promise<void> {
    this.#guestWentLast = true;
    this.counters.guests += 1;
    await this.guests.serve();
  }

  #isFree(index: number): boolean {
    const poller = this.#rhythms[index]?.poller;
    return poller !== undefined && !this.#busy.has(poller);
  }

  async #takeTurn(link: ModbusLink, index: number): Promise<void> {
    const rhythm = this.#rhythms[index];
    if (!rhythm) return;
    const { poller, group } = rhythm;
    const { handOver, clock, signal } = this.#options;
    this.#busy.add(poller);
    try {
      await handOver.room();
      if (signal.aborted) return;
      if (!poller.wouldAsk(link)) await this.#breathe();
      else this.#idleTurns = 0;
      try {
        const batch = await poller.poll(link, group);
        // A poll that the stop cut short says nothing about the device.
        if (!signal.aborted) handOver.give(batch);
        this.counters.polls += 1;
      } finally {
        this.counters.pollsMissed += this.#schedule.served(index, clock.monotonic());
      }
    } finally {
      this.#busy.delete(poller);
    }
  }

  async #probe(link: ModbusLink, poller: DevicePoller): Promise<void> {
    const { clock } = this.#options;
    const startedAtMs = clock.monotonic();
    this.counters.probes += 1;
    this.#busy.add(poller);
    const answered = await poller.probe(link).finally(() => this.#busy.delete(poller));
    const endedAtMs = clock.monotonic();
    if (!answered) this.#budget.spend(endedAtMs - startedAtMs, endedAtMs);
  }

  /** The silent device that has waited longest for its probe. */
  #nextProbe(link: ModbusLink): { poller: DevicePoller; atMs: number } | undefined {
    if (!link.isOpen) return undefined;
    let first: DevicePoller | undefined;
    for (const poller of this.#options.pollers) {
      if (this.#busy.has(poller)) continue;
      if (poller.breaker.probeAtMs < (first?.breaker.probeAtMs ?? Number.POSITIVE_INFINITY)) {
        first = poller;
      }
    }
    if (!first) return undefined;
    return { poller: first, atMs: first.breaker.probeAtMs };
  }

  /** True when a probe now would be over before a live device's turn: then it costs nobody. */
  #fitsIn(poller: DevicePoller): boolean {
    const { clock } = this.#options;
    const isLive = (index: number): boolean =>
      this.#rhythms[index]?.poller.breaker.state !== "open";
    return clock.monotonic() + poller.probeTimeoutMs <= this.#schedule.firstDueMs(isLive);
  }

  /** Many turns that use no bus must not keep the event loop from everything else. */
  async #breathe(): Promise<void> {
    this.#idleTurns += 1;
    if (this.#idleTurns % IDLE_TURNS_MAX === 0) await this.#sleep(0);
  }

  /** Rejects, as the step that it ends is to be made anew, when it is woken. */
  async #sleep(durationMs: number): Promise<void> {
    const { signal } = this.#nap;
    await this.#options.clock.sleep(Math.max(0, durationMs), { name: "modbus turn", signal });
  }

  #wake(): void {
    const sleeping = this.#nap;
    if (this.#options.signal.aborted) return;
    this.#nap = new AbortController();
    sleeping.abort();
  }
}
