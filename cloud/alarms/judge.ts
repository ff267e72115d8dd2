/** All that the sink watches over by itself, at one moment. */
import type { AlarmRule } from "#config/sink/alarm-rules.ts";
import type { PipelineSettings } from "#config/sink/alarms.ts";
import { windowStart } from "../rollup/window.ts";
import type { Store, StoreTotals } from "../store/contract.ts";
import type { GatewayMark, KeptMemory } from "../store/desk-contract.ts";
import { EventEnder } from "./event-ender.ts";
import { GatewayJudge } from "./gateway-judge.ts";
import { LossJudge } from "./loss-judge.ts";
import { PIPELINE_EVERY_MS, PipelineJudge, type PipelineMeasures } from "./pipeline-judge.ts";
import { RuleSet } from "./rule-set.ts";
import { SeriesJudge } from "./series-judge.ts";
import { Verdict } from "./verdict.ts";

/** A lane without an event for so long does not hold its gateway's windows open. */
const IDLE_LANE_MS = 60_000;
/** After an outage there is much to make up for: so long a turn takes, then others have theirs. */
const TURN_MS = 1000;

/** How far the sinks are behind the hub. */
export interface LagMeasure {
  readonly events: number;
  readonly retention: number;
  readonly knownUntilMs: number | undefined;
}

export interface JudgeOptions {
  readonly store: Pick<Store, "rollups" | "state" | "desk">;
  readonly rules: readonly AlarmRule[];
  readonly pipeline: PipelineSettings | "off";
  /** As it was measured last; undefined while the hub is away. */
  readonly lag: () => LagMeasure | undefined;
  /** How many alarms had to go because the list was full. */
  readonly takenOff: () => number;
  /** Wall clock. */
  readonly nowMs: () => number;
  /** Never steps back. */
  readonly elapsedMs: () => number;
}

export class Judge {
  readonly events = new EventEnder();
  readonly #options: JudgeOptions;
  readonly #series: SeriesJudge;
  readonly #gateways: GatewayJudge;
  readonly #pipeline: PipelineJudge;
  readonly #losses: LossJudge;
  #minute: number | undefined;
  #totals: StoreTotals | undefined;

  constructor(options: JudgeOptions) {
    this.#options = options;
    const { store, pipeline, nowMs } = options;
    const rules = new RuleSet(options.rules);
    const rows = store.rollups.bind(store);
    this.#series = new SeriesJudge({ rules, rows, nowMs });
    this.#gateways = new GatewayJudge(rules, nowMs);
    this.#pipeline = new PipelineJudge(pipeline, nowMs);
    this.#losses = new LossJudge(nowMs);
  }

  /** What ends because its rule is gone from the file. */
  load(memory: readonly KeptMemory[]): Verdict {
    const verdict = new Verdict();
    this.events.load(memory);
    this.#losses.load(memory);
    this.#series.load(memory, verdict);
    this.#gateways.load(memory, verdict);
    this.#pipeline.load(memory, verdict);
    return verdict;
  }

  /** Its memory is ahead of the database until the verdict is committed: if that fails, begin anew. */
  async judge(): Promise<Verdict> {
    const verdict = new Verdict();
    const nowMs = this.#options.nowMs();
    const lag = this.#options.lag();
    const marks = await this.#options.store.desk.gateways(nowMs - IDLE_LANE_MS);
    const heard = marks.filter(({ newestMs }) => newestMs >= 0);
    this.#series.begin(heard, verdict);
    await this.#judgeSeries(heard, lag?.knownUntilMs, verdict);
    if (lag?.knownUntilMs !== undefined) {
      this.#gateways.judge(marks, lag.knownUntilMs, verdict);
    }
    this.events.judge(nowMs, verdict);
    const givenUp = await this.#options.store.desk.givenUp();
    this.#losses.judge({ givenUp, takenOff: this.#options.takenOff() }, verdict);
    await this.#judgePipeline(nowMs, lag, verdict);
    return verdict;
  }

  async #judgeSeries(
    marks: readonly GatewayMark[],
    knownUntilMs: number | undefined,
    verdict: Verdict,
  ): Promise<void> {
    const endMs = this.#options.elapsedMs() + TURN_MS;
    let waiting = marks.flatMap(({ gateway, watermarkMs, newestMs }) => {
      const finalToMs = watermarkMs ?? idleFinalTo(newestMs, knownUntilMs);
      return finalToMs === undefined ? [] : { gateway, finalToMs, newestMs };
    });
    do {
      const more: typeof waiting = [];
      for (const each of waiting) {
        if (await this.#series.judge(each.gateway, each, verdict)) more.push(each);
      }
      waiting = more;
    } while (waiting.length > 0 && this.#options.elapsedMs() < endMs);
  }

  async #judgePipeline(
    nowMs: number,
    lag: LagMeasure | undefined,
    verdict: Verdict,
  ): Promise<void> {
    const minute = windowStart(nowMs, PIPELINE_EVERY_MS);
    const measured = this.#minute;
    if (measured === minute) return;
    this.#minute = minute;
    const { totals } = await this.#options.store.state();
    const before = this.#totals;
    this.#totals = totals;
    // The first minute began before anybody counted.
    if (measured === undefined || !before) return;
    const measures: PipelineMeasures = {
      latencyMs: await this.#worstLatency(),
      backlog: lag && lag.events * readingsPerEvent(totals),
      errors: errorsBetween(before, totals),
      retention: lag?.retention,
    };
    this.#pipeline.judge(measures, minute - PIPELINE_EVERY_MS, verdict);
  }

  async #worstLatency(): Promise<number | undefined> {
    const reports = await this.#options.store.desk.reports();
    const measured = reports.filter(({ readings }) => readings > 0);
    if (measured.length === 0) return undefined;
    return Math.max(...measured.map(({ latencyP99Ms }) => latencyP99Ms));
  }
}

/** Of a gateway that is silent, whatever it has begun ends when nothing more can have come. */
function idleFinalTo(newestMs: number, knownUntilMs: number | undefined): number | undefined {
  if (knownUntilMs === undefined) return undefined;
  const hourMs = 3_600_000;
  return Math.min(knownUntilMs - IDLE_LANE_MS, windowStart(newestMs, hourMs) + hourMs);
}

/** At least: an event holds one chunk or more. */
function readingsPerEvent({ readings, bad, chunks }: StoreTotals): number {
  return chunks > 0 ? Math.max(1, (readings + bad) / chunks) : 1;
}

/** Share of dead letters; undefined where nothing came. */
function errorsBetween(before: StoreTotals, after: StoreTotals): number | undefined {
  const dead = after.deadLettered - before.deadLettered;
  const chunks = after.chunks - before.chunks + after.duplicateChunks - before.duplicateChunks;
  return dead + chunks > 0 ? dead / (dead + chunks) : undefined;
}
