/**
 * A Modbus bus as a source: all devices behind one address or on one serial line, polled one after
 * the other, each in its own rhythm. Devices may be absent, silent or wrong; the bus goes on.
 */
import type { Intake, Source, SourceStatus, Trouble } from "#agent/sources/contract.ts";
import { HandOver } from "#agent/sources/hand-over.ts";
import type { DeviceSettings } from "#config/gateway/device.ts";
import type { ModbusBusSettings } from "#config/gateway/modbus-bus.ts";
import type { Clock } from "#core/clock.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import { AnswerTimes } from "./answer-times.ts";
import type { ReadCounters } from "./block-reader.ts";
import { BusHealth } from "./bus-health.ts";
import { DevicePoller } from "./device-poller.ts";
import type { GuestLink, ReadOutcome } from "./link.ts";
import { openerOf, whereOf } from "./open-bus.ts";
import { planLimits } from "./planner.ts";
import { PollLoop } from "./poll-loop.ts";
import { createTags, type PolledTag } from "./polled-tag.ts";
import { type LinkCounters, WireLink } from "./wire-link.ts";

export interface ModbusBusOptions {
  /** The bus's name: readings are counted under it. */
  name: string;
  settings: ModbusBusSettings;
  /** The devices whose `bus` is this one, by name. */
  devices: Readonly<Record<string, DeviceSettings>>;
  intake: Intake;
  clock: Clock;
  random: Random;
  log: Logger;
}

export class ModbusBus implements Source {
  readonly #options: ModbusBusOptions;
  readonly #log: RateLimitedLog;
  readonly #stopping = new AbortController();
  /** Connections that share the bus's queue: one, unless the settings allow more. */
  readonly #links: readonly [WireLink, ...WireLink[]];
  readonly #handOver: HandOver;
  readonly #reads: ReadCounters = {
    requests: 0,
    answers: 0,
    exceptions: 0,
    timeouts: 0,
    malformed: 0,
    retries: 0,
    searches: 0,
    invalidValues: 0,
  };
  /** Tags without an address. */
  #tagsRefused = 0;
  #pollers: readonly DevicePoller[] = [];
  #loop: PollLoop | undefined;
  #state: "stopped" | "starting" | "running" = "stopped";
  #running: Promise<void> | undefined;

  constructor(options: ModbusBusOptions) {
    this.#options = options;
    const { settings, clock, intake } = options;
    this.#log = new RateLimitedLog(options.log.child({ bus: options.name }), clock);
    this.#handOver = new HandOver(intake, this.#log);
    const connections = "connections" in settings ? settings.connections : 1;
    const others = Array.from({ length: connections - 1 }, () => this.#createLink());
    this.#links = [this.#createLink(), ...others];
  }

  #createLink(): WireLink {
    const { settings, clock, random } = this.#options;
    return new WireLink({
      where: whereOf(settings),
      open: openerOf(settings, clock),
      pauseMs: settings.pause,
      clock,
      random,
      log: this.#log,
      onStray: (unit) => this.#stray(unit),
      onOpen: () => this.#reconnected(),
    });
  }

  /** Begins to poll. An absent server or device is no error: the bus goes on trying. */
  async start(): Promise<void> {
    this.#state = "starting";
    this.#pollers = this.#createPollers();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#links.map((link) => link.stop()));
    await this.#running;
    await this.#handOver.settled();
    this.#state = "stopped";
  }

  status(): SourceStatus {
    const detail = this.#state === "running" ? this.#health.complaint : undefined;
    return {
      name: this.#options.name,
      kind: `modbus-${this.#options.settings.modbus}`,
      state: detail === undefined ? this.#state : "degraded",
      ...(detail !== undefined && { detail }),
      counters: this.#counters(),
    };
  }

  troubles(): readonly Trouble[] {
    if (this.#state !== "running") return [];
    return this.#health.troublesAt(this.#options.clock.monotonic());
  }

  /** The way of commands to this bus: their requests queue with the polls. */
  get guestLink(): GuestLink {
    const link = this.#links[0].guest;
    const queue = (job: () => Promise<ReadOutcome>): Promise<ReadOutcome> =>
      this.#loop?.guests.add(job) ?? Promise.resolve({ kind: "disconnected" });
    return {
      get isOpen(): boolean {
        return link.isOpen;
      },
      read: (request, timeoutMs) => queue(() => link.read(request, timeoutMs)),
      write: (request, timeoutMs) => queue(() => link.write(request, timeoutMs)),
    };
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    await Promise.all(this.#links.map((link) => link.start()));
    this.#loop = new PollLoop({
      pollers: this.#pollers,
      links: this.#links,
      handOver: this.#handOver,
      clock,
      log: this.#log,
      signal: this.#stopping.signal,
    });
    this.#state = "running";
    await this.#loop.run();
  }

  #createPollers(): DevicePoller[] {
    const busTimes = new AnswerTimes();
    return Object.entries(this.#options.devices).map(([device, settings]) => {
      const { name: source, clock, random } = this.#options;
      return new DevicePoller({
        source,
        device,
        unit: settings.unit,
        intervalMs: settings.every,
        timeoutMs: settings.timeout ?? this.#options.settings.timeout,
        pauseMs: settings.pause,
        retries: settings.retries,
        priority: PRIORITIES.indexOf(settings.priority),
        limits: planLimits(this.#options.settings, settings.maxRegisters),
        tags: this.#createTags(device, settings),
        busTimes,
        counters: this.#reads,
        clock,
        random: random.fork(device),
      });
    });
  }

  #createTags(device: string, settings: DeviceSettings): PolledTag[] {
    const { intake, name: source } = this.#options;
    const refuse = (tag: string): void => {
      this.#tagsRefused += 1;
      const message = "tag has no address on a Modbus device: it is not polled";
      this.#log.warn(`tag ${device}`, { device, tag }, message);
    };
    return createTags(device, settings, { source, intake, refuse });
  }

  #stray(unit: number | undefined): void {
    const nowMs = this.#options.clock.monotonic();
    for (const poller of this.#pollers) {
      if (poller.unit === unit) poller.breaker.answeredLate(nowMs);
    }
  }

  #reconnected(): void {
    const nowMs = this.#options.clock.monotonic();
    for (const poller of this.#pollers) poller.breaker.reconnected(nowMs);
  }

  get #health(): BusHealth {
    const { name, settings } = this.#options;
    return new BusHealth({
      name,
      where: whereOf(settings),
      links: this.#links,
      pollers: this.#pollers,
    });
  }

  #counters(): Record<string, number> {
    const reads = this.#reads;
    const link = sumOf(this.#links.map(({ counters }) => counters));
    const handed = this.#handOver.counters;
    return {
      polls: this.#loop?.counters.polls ?? 0,
      polls_missed: this.#loop?.counters.pollsMissed ?? 0,
      polls_failed: this.#loop?.counters.pollsFailed ?? 0,
      polls_lost: handed.batchesLost,
      probes: this.#loop?.counters.probes ?? 0,
      guest_requests: this.#loop?.counters.guests ?? 0,
      readings: handed.readings,
      readings_lost: handed.readingsLost,
      requests: reads.requests,
      answers: reads.answers,
      exceptions: reads.exceptions,
      timeouts: reads.timeouts,
      malformed_answers: reads.malformed,
      stray_frames: link.strayFrames,
      noisy_answers: this.#links.reduce((sum, { noise }) => sum + noise.total, 0),
      retries: reads.retries,
      searches: reads.searches,
      invalid_values: reads.invalidValues,
      connects: link.connects,
      connect_failures: link.connectFailures,
      disconnects: link.disconnects,
      tags_without_address: this.#tagsRefused,
      devices: this.#pollers.length,
      silent_devices: this.#health.silent.length,
      refused_tags: this.#pollers.reduce((sum, poller) => sum + poller.refusedTags, 0),
    };
  }
}

/** The most urgent first. */
const PRIORITIES: readonly DeviceSettings["priority"][] = ["high", "normal", "low"];

function sumOf(counters: readonly LinkCounters[]): LinkCounters {
  const sum: LinkCounters = { connects: 0, connectFailures: 0, disconnects: 0, strayFrames: 0 };
  for (const each of counters) {
    sum.connects += each.connects;
    sum.connectFailures += each.connectFailures;
    sum.disconnects += each.disconnects;
    sum.strayFrames += each.strayFrames;
  }
  return sum;
}
