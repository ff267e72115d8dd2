/**
 * Polls one device: reads the blocks of a group of its tags, isolates registers that it refuses, and
 * tells its breaker how it went. A poll always ends in one reading a tag, good or bad, never an old
 * value.
 */
import type { ReadingBatch } from "#agent/sources/contract.ts";
import type { Clock } from "#core/clock.ts";
import type { Random } from "#core/random.ts";
import type { QualityReason } from "#core/reading.ts";
import { AnswerTimes } from "./answer-times.ts";
import { BLOCK_REASONS, BlockReader, type ReadCounters } from "./block-reader.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";
import type { ModbusLink } from "./link.ts";
import type { Block, PlanLimits } from "./planner.ts";
import type { Point } from "./point.ts";
import { groupByInterval, type PollGroup } from "./poll-group.ts";
import { PollResult } from "./poll-result.ts";
import type { PolledTag } from "./polled-tag.ts";
import { Refusals } from "./refusals.ts";
import type { Priority } from "./schedule.ts";

export interface DevicePollerOptions {
  /** Name of the bus: readings are counted under it. */
  source: string;
  device: string;
  unit: number;
  /** Of the tags that have none of their own. */
  intervalMs: number;
  timeoutMs: number;
  /** Rest behind its answers; the bus's if left out. */
  pauseMs?: number | undefined;
  /** How often a request that is not answered is made again in the same poll. */
  retries: number;
  priority: Priority;
  limits: PlanLimits;
  tags: readonly PolledTag[];
  /** What the other devices of the bus take to answer, for one that never did. */
  busTimes: AnswerTimes;
  counters: ReadCounters;
  clock: Clock;
  random: Random;
}

/** The reason of readings that a device did not answer for. */
const NO_ANSWER: QualityReason = "timeout";

export class DevicePoller {
  readonly name: string;
  readonly unit: number;
  readonly priority: Priority;
  /** The device's tags by interval, the most frequent first; never empty. */
  readonly groups: readonly PollGroup[];
  readonly breaker: CircuitBreaker;
  readonly #options: DevicePollerOptions;
  readonly #times = new AnswerTimes();
  readonly #refusals = new Refusals();
  readonly #points: readonly Point[];
  #probes = 0;

  constructor(options: DevicePollerOptions) {
    this.name = options.device;
    this.unit = options.unit;
    this.priority = options.priority;
    this.groups = groupByInterval(options.tags, options.intervalMs, options.limits);
    this.breaker = new CircuitBreaker(this.groups[0]?.intervalMs ?? 0, options.random);
    this.#options = options;
    this.#points = [...new Set(this.groups.flatMap((group) => group.points))];
  }

  /** Tags that the device refuses to give. */
  get refusedTags(): number {
    return this.#refusals.count;
  }

  /** True when a poll now would use the bus. */
  wouldAsk(link: ModbusLink): boolean {
    return link.isOpen && this.breaker.state !== "open";
  }

  /** How long the next probe waits. */
  get probeTimeoutMs(): number {
    return this.breaker.probeIsPatient ? this.#options.timeoutMs : this.#hurriedTimeoutMs();
  }

  /** Reads the tags of one of the device's groups. */
  async poll(link: ModbusLink, group: PollGroup): Promise<ReadingBatch> {
    const { breaker } = this;
    if (!link.isOpen) return this.#batch(group, new PollResult(), NO_ANSWER);
    if (breaker.state === "open") return this.#batch(group, new PollResult(), breaker.reason);
    const { clock } = this.#options;
    const retries = this.#isTrusted ? this.#options.retries : 0;
    const reader = this.#reader(link, this.#pollTimeoutMs(), retries);
    const failure = (await this.#readAll(reader, group)) ?? this.#refusedWholly();
    if (failure === undefined) breaker.succeeded();
    else if (reader.wasAsked) breaker.failed(failure, clock.monotonic(), this.#times.areKnown);
    return this.#batch(group, reader.result, failure ?? NO_ANSWER);
  }

  /**
   * Asks a silent device for one block, a different one each time. A patient probe also searches
   * the block for what is readable. Returns true when the device is to be polled again.
   */
  async probe(link: ModbusLink): Promise<boolean> {
    const { clock } = this.#options;
    const plan = this.groups.flatMap((group) => this.#planOf(group));
    const block = plan[this.#probes++ % plan.length];
    if (!block) return false;
    const reader = this.#reader(link, this.probeTimeoutMs);
    const failure =
      (await reader.probe(block, this.breaker.probeIsPatient)) ?? this.#refusedWholly();
    if (failure === undefined || isNews(failure, this.breaker.reason)) {
      this.breaker.succeeded();
      return true;
    }
    this.breaker.failed(failure, clock.monotonic());
    return false;
  }

  /** The reason that ended the poll before its end, or undefined. */
  async #readAll(reader: BlockReader, group: PollGroup): Promise<QualityReason | undefined> {
    for (const block of this.#planOf(group)) {
      const failure = await reader.read(block);
      if (failure !== undefined) return failure;
    }
    return await reader.readRefused(group.points);
  }

  /** A device that refuses every register is not ready, or not what the file says that it is. */
  #refusedWholly(): QualityReason | undefined {
    const [first] = this.#points;
    if (!first || this.#refusals.count < this.#points.length) return undefined;
    const code = this.#refusals.codeOf(first) ?? 0;
    this.#refusals.clear();
    return `exception ${code}`;
  }

  #planOf(group: PollGroup): readonly Block[] {
    this.#refusals.forgetOldGaps(this.#options.clock.monotonic());
    return group.plan(this.#refusals);
  }

  #reader(link: ModbusLink, timeoutMs: number, retries = 0): BlockReader {
    const { unit, timeoutMs: timeoutMaxMs, pauseMs, clock, counters, busTimes } = this.#options;
    const onAnswer = (durationMs: number): void => {
      this.#times.add(durationMs);
      busTimes.add(durationMs);
    };
    const refusals = this.#refusals;
    return new BlockReader({
      link,
      unit,
      timeoutMs,
      timeoutMaxMs,
      pauseMs,
      retries,
      retryTimeoutMs: this.#hurriedTimeoutMs(),
      refusals,
      clock,
      counters,
      onAnswer,
    });
  }

  /**
   * The full time-out is for a device that has shown that it answers. One that never did is given
   * what the others of its bus need, or a hundred absent ones would hold up every start.
   */
  #pollTimeoutMs(): number {
    return this.#isTrusted ? this.#options.timeoutMs : this.#hurriedTimeoutMs();
  }

  get #isTrusted(): boolean {
    return this.breaker.state === "closed" && this.#times.areKnown;
  }

  #hurriedTimeoutMs(): number {
    const { busTimes, timeoutMs } = this.#options;
    return (this.#times.areKnown ? this.#times : busTimes).probeTimeoutMs(timeoutMs);
  }

  #batch(group: PollGroup, result: PollResult, reason: QualityReason): ReadingBatch {
    const { source, clock, counters } = this.#options;
    counters.invalidValues += result.invalid;
    return result.toBatch(source, group.tags, reason, clock.now());
  }
}

/** Another refusal than the one that opened the breaker: a poll will sort it out. */
function isNews(failure: QualityReason, before: QualityReason): boolean {
  return failure !== before && BLOCK_REASONS.includes(failure);
}
