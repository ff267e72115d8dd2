/**
 * Reads blocks of one device for one poll. A block that is refused (exception 2 or 3) is halved
 * until the bad register stands alone and is remembered; other exceptions spoil their own block
 * only, and silence ends the poll.
 */
import type { Clock } from "#core/clock.ts";
import type { QualityReason } from "#core/reading.ts";
import type { ModbusLink, ReadOutcome } from "./link.ts";
import { type Block, splitBlock } from "./planner.ts";
import type { Point } from "./point.ts";
import { PollResult } from "./poll-result.ts";
import type { Refusals } from "./refusals.ts";

/** Illegal data address, illegal data value: something in the block is not there. */
const REFUSING_CODES: ReadonlySet<number> = new Set([2, 3]);

/**
 * Acknowledge and busy: the device wants to be left alone. Path unavailable and target failed to
 * respond: a gateway says that the device is silent (v1.1b3, section 7).
 */
const DEVICE_CODES: ReadonlySet<number> = new Set([5, 6, 10, 11]);

/** Exceptions that speak of a block's registers, and not of the device as a whole. */
export const BLOCK_REASONS: readonly QualityReason[] = [1, 2, 3, 4].map(
  (code) => `exception ${code}`,
);

/** One poll makes at most so many extra requests to find bad registers; the next one goes on. */
const SPLITS_MAX = 24;

export interface ReadCounters {
  requests: number;
  answers: number;
  exceptions: number;
  timeouts: number;
  malformed: number;
  /** Requests made again because their answer did not come, or came broken. */
  retries: number;
  /** Requests made only to isolate, or to try again, registers that a device refuses. */
  searches: number;
  /** Registers that were read and hold no value, such as NaN. */
  invalidValues: number;
}

export interface BlockReaderOptions {
  link: ModbusLink;
  unit: number;
  timeoutMs: number;
  /** The device's full time-out. */
  timeoutMaxMs: number;
  pauseMs?: number | undefined;
  /** How often a request is made again, and how long each time is waited. */
  retries: number;
  retryTimeoutMs: number;
  refusals: Refusals;
  clock: Clock;
  counters: ReadCounters;
  onAnswer: (durationMs: number) => void;
}

export class BlockReader {
  readonly result = new PollResult();
  /** False when the poll ended because the device was not to be asked yet. */
  wasAsked = true;
  readonly #options: BlockReaderOptions;
  #splitsLeft = SPLITS_MAX;

  constructor(options: BlockReaderOptions) {
    this.#options = options;
  }

  /** Returns the reason for which the poll must end, or undefined. */
  async read(block: Block): Promise<QualityReason | undefined> {
    const outcome = await this.#request(block);
    const { clock } = this.#options;
    switch (outcome.kind) {
      case "answer":
        this.result.answer(block, outcome.data, clock.now());
        return undefined;
      case "exception":
        return await this.#excepted(block, outcome.code);
      case "malformed":
        return "malformed answer";
      case "owed":
        this.wasAsked = false;
        return "timeout";
      case "timeout":
      case "disconnected":
        return "timeout";
    }
  }

  /**
   * Reads one block of a silent device. Returns the reason for which it is not to be polled yet, or
   * undefined when a register was read.
   */
  async probe(block: Block, mayHalve: boolean): Promise<QualityReason | undefined> {
    if (!mayHalve) this.#splitsLeft = 0;
    const failure = await this.read(block);
    if (failure !== undefined || block.points.some((point) => this.result.isRead(point))) {
      return failure;
    }
    return this.result.reasonOf(block.points[0]);
  }

  /** Tries one refused point again when its time has come; the others fail as they did. */
  async readRefused(points: readonly Point[]): Promise<QualityReason | undefined> {
    const { refusals, clock, counters } = this.#options;
    const retried = refusals.dueForRetry(clock.monotonic());
    for (const point of points) {
      const code = refusals.codeOf(point);
      if (code !== undefined) this.result.fail([point], `exception ${code}`, clock.now());
    }
    if (!retried) return undefined;
    counters.searches += 1;
    const { table, start, size } = retried;
    const failure = await this.read({ table, start, size, points: [retried] });
    if (this.result.isRead(retried)) refusals.allow(retried);
    return failure;
  }

  /**
   * Silence is asked again, though not waited for as long. Where a late answer could be taken for the
   * next one, the link refuses to ask (`owed`), and it stays silence.
   */
  async #request(block: Block): Promise<ReadOutcome> {
    const { retries, timeoutMs, retryTimeoutMs, counters } = this.#options;
    const first = await this.#ask(block, timeoutMs);
    if (first.kind !== "timeout") return first;
    for (let retry = 0; retry < retries; retry++) {
      const again = await this.#ask(block, retryTimeoutMs);
      if (again.kind === "owed") return first;
      counters.retries += 1;
      if (again.kind !== "timeout") return again;
    }
    return first;
  }

  async #ask(block: Block, timeoutMs: number): Promise<ReadOutcome> {
    const { link, unit, timeoutMaxMs, pauseMs, clock, counters, onAnswer } = this.#options;
    const { table, start, size } = block;
    const askedAtMs = clock.monotonic();
    const request = { unit, table, start, size, timeoutMaxMs, pauseMs };
    const outcome = await link.read(request, timeoutMs);
    if (outcome.kind !== "owed") counters.requests += 1;
    count(counters, outcome);
    if (outcome.kind === "answer" || outcome.kind === "exception") {
      onAnswer(clock.monotonic() - askedAtMs);
    }
    return outcome;
  }

  async #excepted(block: Block, code: number): Promise<QualityReason | undefined> {
    const reason = `exception ${code}`;
    if (DEVICE_CODES.has(code)) return reason;
    const { clock, refusals } = this.#options;
    this.result.fail(block.points, reason, clock.now());
    if (!REFUSING_CODES.has(code)) return undefined;
    const halves = splitBlock(block);
    if (halves) return await this.#readHalves(halves[0], halves[1]);
    const [point] = block.points;
    if (point) refusals.refusePoint(point, code, clock.monotonic());
    return undefined;
  }

  async #readHalves(left: Block, right: Block): Promise<QualityReason | undefined> {
    if (this.#splitsLeft <= 0) return undefined;
    this.#splitsLeft -= 2;
    const { refusals, clock, counters } = this.#options;
    counters.searches += 2;
    const failure = (await this.read(left)) ?? (await this.read(right));
    if (failure !== undefined) return failure;
    const bothRead = [...left.points, ...right.points].every((point) => this.result.isRead(point));
    if (bothRead) refusals.refuseTogether(left, right, clock.monotonic());
    return undefined;
  }
}

function count(counters: ReadCounters, outcome: ReadOutcome): void {
  if (outcome.kind === "answer") counters.answers += 1;
  if (outcome.kind === "exception") counters.exceptions += 1;
  if (outcome.kind === "timeout") counters.timeouts += 1;
  if (outcome.kind === "malformed") counters.malformed += 1;
}
