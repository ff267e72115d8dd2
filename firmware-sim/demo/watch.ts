/**
 * Asks agent and sink how they are, shows it, and keeps their last answers: a program that is down
 * shows its last figures.
 */
import type { Clock } from "#core/clock.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { PolledSource } from "../ledger/polled-sources.ts";
import { type AgentFigures, readAgent, readSink, type SinkFigures } from "../programs/status.ts";
import type { Programs } from "./programs.ts";
import type { ProgressLine } from "./progress-line.ts";

const LOOK_EVERY_MS = 1000;

export interface WatchParts {
  clock: Clock;
  programs: Programs;
  ledger: Ledger;
  progress: ProgressLine;
  /** The polled ones among the agent's sources. */
  polledSources: (storedBySource: AgentFigures["storedBySource"]) => readonly PolledSource[];
}

/** Both as of now. */
export interface Figures {
  agent: AgentFigures;
  sink: SinkFigures;
}

export class Watch {
  readonly #parts: WatchParts;
  readonly #stopping = new AbortController();
  readonly #startMs: number;
  #agent: AgentFigures | undefined;
  #sink: SinkFigures | undefined;
  #running: Promise<void> | undefined;
  phase = "running";

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#startMs = parts.clock.monotonic();
  }

  get agent(): AgentFigures | undefined {
    return this.#agent;
  }

  get sink(): SinkFigures | undefined {
    return this.#sink;
  }

  /** Looks once a second from now on. */
  start(): void {
    this.#running ??= this.#run();
    // Awaited by `stop`; until then a failure waits there.
    this.#running.catch(() => undefined);
  }

  /** Rejects with what ended the watch early. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /**
   * Asks both and shows the answers; undefined where one of them did not answer.
   * @throws PenstockError PROGRAM_FAILED: an answer lacks a figure
   */
  async look(): Promise<Figures | undefined> {
    const { programs } = this.#parts;
    programs.sampleUsage();
    const [agent, sink] = await Promise.all([
      readAgent(programs.agentUrl),
      readSink(programs.sinkUrl),
    ]);
    if (agent) this.#agent = agent;
    if (sink) this.#sink = sink;
    this.#show();
    return agent && sink && { agent, sink };
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.look();
      await this.#parts.clock
        .sleep(LOOK_EVERY_MS, { name: "watch", signal })
        .catch(() => undefined);
    }
  }

  /** A polled device is never told: the agent's counters stand in. */
  #storedFromPolls(): number {
    const sources = this.#parts.polledSources(this.#agent?.storedBySource ?? {});
    return sources.reduce((sum, source) => sum + source.stored, 0);
  }

  #show(): void {
    const { clock, ledger, programs, progress } = this.#parts;
    const totals = ledger.totals();
    progress.show({
      elapsedMs: clock.monotonic() - this.#startMs,
      phase: this.phase,
      produced: totals.sent + totals.served,
      acknowledged: totals.acknowledged + this.#storedFromPolls(),
      rolledUp: this.#sink?.committed ?? 0,
      alarms: this.#sink?.alarms ?? 0,
      latencyP50Ms: this.#sink?.latencyMs.p50,
      latencyP99Ms: this.#sink?.latencyMs.p99,
      backlogBytes: this.#agent?.bufferBytes,
      down: programs.down,
    });
  }
}
