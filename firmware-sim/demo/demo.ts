/**
 * A whole run: start everything, produce, kill if asked to, let it drain, and hold the books
 * against what was rolled up.
 */
import { randomInt } from "node:crypto";
import type { Clock } from "#core/clock.ts";
import { isAbort } from "#core/errors.ts";
import { createRandom, type Random } from "#core/random.ts";
import { Ledger } from "../ledger/ledger.ts";
import { machineCpuSeconds, UsageMeter } from "../programs/process-usage.ts";
import { fetchRollups } from "../programs/rollups.ts";
import { resetLatency } from "../programs/status.ts";
import type { DemoOptions } from "./command-line.ts";
import { GATEWAY } from "./config-files.ts";
import { drain } from "./drain.ts";
import { type Kill, scheduleKills } from "./kill-schedule.ts";
import type { Outcome, PerProgram } from "./outcome.ts";
import { Plant } from "./plant.ts";
import { type ProgramName, Programs, programNames } from "./programs.ts";
import type { ProgressLine } from "./progress-line.ts";
import { Watch } from "./watch.ts";

export interface DemoParts {
  clock: Clock;
  random: Random;
  progress: ProgressLine;
  dataDir: string;
}

const PARTITIONS = 32;
const QUIESCE_MS = 60_000;
const WARM_UP_MS = 5000;

export class Demo {
  readonly #options: DemoOptions;
  readonly #parts: DemoParts;
  readonly #ledger = new Ledger({ gateway: GATEWAY });
  readonly #plant: Plant;
  readonly #programs: Programs;
  #warmUpSeconds = 0;
  readonly #ownUsage = new UsageMeter();

  constructor(options: DemoOptions, parts: DemoParts) {
    this.#options = options;
    this.#parts = parts;
    const { clock, random, progress, dataDir } = parts;
    this.#plant = new Plant(options, this.#ledger, clock);
    this.#programs = new Programs(
      { dataDir, ports: options.ports, partitions: PARTITIONS },
      {
        clock,
        random: random.fork("restarts"),
        notice: (text) => progress.notice(text),
      },
      // Not of the run's seed: two runs at once would look for the same ports.
      createRandom(randomInt(2 ** 32)),
    );
  }

  /**
   * Runs until the time is over or `finish` fires, then drains and compares. The programs go on
   * running until `stop`.
   * @throws PenstockError PROGRAM_FAILED, PORT_UNAVAILABLE
   */
  async run(finish: AbortSignal): Promise<Outcome> {
    await this.#programs.start(await this.#plant.startPolled());
    return await this.#produceAndAudit(finish);
  }

  async stop(): Promise<void> {
    await this.#plant.stop();
    await this.#programs.stop();
  }

  /** For the very last moment: no program outlives the demo. */
  destroy(): void {
    this.#programs.destroy();
  }

  async #produceAndAudit(finish: AbortSignal): Promise<Outcome> {
    const { clock, progress } = this.#parts;
    progress.heading(`agent ${this.#programs.agentUrl}   sink ${this.#programs.sinkUrl}`);
    const watch = new Watch({
      clock,
      programs: this.#programs,
      ledger: this.#ledger,
      progress,
      polledSources: (stored) => this.#plant.polledSources(stored),
    });
    this.#programs.markUsage();
    this.#ownUsage.take(process.pid);
    this.#ownUsage.mark();
    const machineStart = machineCpuSeconds();
    const startMs = clock.monotonic();
    await this.#plant.startPublishing(this.#programs.mqttPort);
    watch.start();
    try {
      await this.#produce(finish);
      const seconds = (clock.monotonic() - startMs) / 1000;
      const cpu = this.#cpu(seconds);
      const allCpu = (machineCpuSeconds() - machineStart) / seconds;
      const otherCpu = Math.max(0, allCpu - cpu.hub - cpu.sink - cpu.agent - cpu.simulator);
      return { ...(await this.#audit(watch)), seconds, cpu, otherCpu };
    } finally {
      await watch.stop();
      progress.end();
    }
  }

  /** Lets time pass, and kills meanwhile. */
  async #produce(finish: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const { seconds } = this.#options;
    const ended = new AbortController();
    const either = AbortSignal.any([finish, ended.signal]);
    const kills = this.#killAll(either);
    const warmUp = this.#warmUp(either);
    try {
      // The longest timer that there is, for a run without an end.
      const runMs = seconds === undefined ? 2 ** 31 - 1 : seconds * 1000;
      const runTime = sleepUnlessAborted(clock, runMs, "run time", ended.signal, finish);
      await Promise.race([runTime, this.#programs.failed]);
    } finally {
      ended.abort();
      await Promise.all([kills, warmUp]);
    }
  }

  /** Latency counts from here on: programs that have just started compile their code first. */
  async #warmUp(signal: AbortSignal): Promise<void> {
    const { seconds = Number.POSITIVE_INFINITY } = this.#options;
    const warmUpMs = Math.min(WARM_UP_MS, (seconds * 1000) / 2);
    await sleepUnlessAborted(this.#parts.clock, warmUpMs, "warm-up", signal);
    if (signal.aborted || !(await resetLatency(this.#programs.sinkUrl))) return;
    this.#warmUpSeconds = warmUpMs / 1000;
  }

  async #killAll(signal: AbortSignal): Promise<void> {
    const startMs = this.#parts.clock.monotonic();
    for (const { program, afterMs } of this.#kills()) {
      const waitMs = Math.max(0, startMs + afterMs - this.#parts.clock.monotonic());
      await sleepUnlessAborted(this.#parts.clock, waitMs, "next kill", signal);
      await this.#untilUp(program, signal);
      if (signal.aborted) return;
      this.#parts.progress.notice(`kill -9 ${program}`);
      await this.#programs.kill(program);
    }
  }

  /** A program that is down cannot be killed. */
  async #untilUp(program: ProgramName, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#programs.down.includes(program)) {
      await sleepUnlessAborted(this.#parts.clock, 50, "wait to kill", signal);
    }
  }

  #kills(): Kill<ProgramName>[] {
    const { isChaotic, seconds } = this.#options;
    if (!isChaotic) return [];
    const runMs = seconds === undefined ? undefined : seconds * 1000;
    return scheduleKills(programNames, runMs, this.#parts.random.fork("kills"));
  }

  async #audit(watch: Watch): Promise<Omit<Outcome, "seconds" | "cpu" | "otherCpu">> {
    const { clock, progress } = this.#parts;
    watch.phase = "waiting for acknowledgements";
    const unacknowledged = await Promise.race([
      this.#plant.quiesce(QUIESCE_MS),
      this.#programs.failed,
    ]);
    if (unacknowledged > 0) progress.notice(`${unacknowledged} messages stay unacknowledged`);
    await watch.stop();
    watch.phase = "draining";
    if (this.#options.units > 0) await this.#programs.stopPolling(this.#plant.watched());
    const isDrained = await Promise.race([drain(() => watch.look(), clock), this.#programs.failed]);
    watch.phase = "comparing";
    const verdict = await this.#ledger.compare(
      fetchRollups(this.#programs.sinkUrl),
      this.#plant.polledSources(watch.agent?.storedBySource ?? {}),
    );
    this.#sampleUsage();
    return {
      sensors: this.#options.sensors,
      verdict,
      alarms: watch.sink?.alarms ?? 0,
      latencyMs: watch.sink?.latencyMs ?? { p50: 0, p99: 0, max: 0, count: 0 },
      rssMb: this.#perProgram((usage) => usage.peakBytes / 1e6),
      kills: this.#programs.kills,
      crashes: this.#programs.crashes,
      warmUpSeconds: this.#warmUpSeconds,
      isDrained,
    };
  }

  #cpu(seconds: number): PerProgram {
    this.#sampleUsage();
    return this.#perProgram((usage) => usage.cpuSeconds / seconds);
  }

  #sampleUsage(): void {
    this.#programs.sampleUsage();
    this.#ownUsage.take(process.pid);
  }

  #perProgram(figure: (usage: UsageMeter) => number): PerProgram {
    return {
      hub: figure(this.#programs.usageOf("hub")),
      sink: figure(this.#programs.usageOf("sink")),
      agent: figure(this.#programs.usageOf("agent")),
      simulator: figure(this.#ownUsage),
    };
  }
}

async function sleepUnlessAborted(
  clock: Clock,
  delayMs: number,
  name: string,
  ...signals: AbortSignal[]
): Promise<void> {
  try {
    await clock.sleep(delayMs, { name, signal: AbortSignal.any(signals) });
  } catch (error) {
    if (!isAbort(error)) throw error;
  }
}
