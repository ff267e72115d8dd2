/** What a run came to: the line of JSON, and the same for people. */
import type { Verdict } from "../ledger/verdict.ts";
import type { LatencyMs } from "../programs/status.ts";
import { count } from "./progress-line.ts";

export const measuredPrograms = ["hub", "sink", "agent", "simulator"] as const;

export type PerProgram = Record<(typeof measuredPrograms)[number], number>;

export interface Outcome {
  sensors: number;
  /** For how long readings were produced. */
  seconds: number;
  verdict: Verdict;
  alarms: number;
  latencyMs: LatencyMs;
  /** Readings of this first time are not in the latency. */
  warmUpSeconds: number;
  /** In cores, averaged over the production. The demo itself is part of the simulator. */
  cpu: PerProgram;
  /** Cores that other processes of this machine used meanwhile: figures are good where it is small. */
  otherCpu: number;
  /** The most that was resident, in MB of 10^6 bytes. */
  rssMb: PerProgram;
  kills: number;
  /** Ends of programs that nobody asked for. */
  crashes: number;
  /** False where the wait for the last readings was given up. */
  isDrained: boolean;
}

export function isGood(outcome: Outcome): boolean {
  const { lost, duplicated } = outcome.verdict;
  return lost === 0 && duplicated === 0 && outcome.crashes === 0 && outcome.isDrained;
}

/** The line that ends a run with `--json`. */
export function outcomeJson(outcome: Outcome): string {
  const { sensors, seconds, verdict, alarms, latencyMs, cpu, rssMb, kills, crashes } = outcome;
  const { produced, rolledUp, lost, duplicated, unacknowledged, unchecked } = verdict;
  return JSON.stringify({
    sensors,
    seconds: round(seconds, 1),
    produced,
    rolledUp,
    lost,
    duplicated,
    alarms,
    latencyMs: {
      p50: round(latencyMs.p50, 1),
      p99: round(latencyMs.p99, 1),
      max: round(latencyMs.max, 1),
    },
    warmUpSeconds: outcome.warmUpSeconds,
    cpu: mapPrograms(cpu, (cores) => round(cores, 3)),
    otherCpu: round(outcome.otherCpu, 2),
    rssMb: mapPrograms(rssMb, (megabytes) => round(megabytes, 0)),
    kills,
    crashes,
    unacknowledged,
    ...(unchecked > 0 ? { unchecked } : {}),
    ...(verdict.details.length > 0 ? { details: verdict.details } : {}),
  });
}

export function outcomeText(outcome: Outcome): string {
  const { verdict, latencyMs, cpu, rssMb } = outcome;
  const lines = [
    `${count(outcome.sensors)} sensors for ${round(outcome.seconds, 1)} s`,
    `  produced    ${count(verdict.produced)} readings, ${count(verdict.unacknowledged)} more unacknowledged`,
    `  rolled up   ${count(verdict.rolledUp)}`,
    `  lost        ${count(verdict.lost)}`,
    `  duplicated  ${count(verdict.duplicated)}`,
    `  alarms      ${count(outcome.alarms)}`,
    `  latency     p50 ${round(latencyMs.p50, 1)} ms, p99 ${round(latencyMs.p99, 1)} ms, max ${round(latencyMs.max, 1)} ms, after ${outcome.warmUpSeconds} s of warm-up`,
    ...measuredPrograms.map(
      (name) => `  ${name.padEnd(11)} ${cpu[name].toFixed(2)} cores, ${rssMb[name].toFixed(0)} MB`,
    ),
    `  others      ${outcome.otherCpu.toFixed(2)} cores`,
    `  kill -9     ${outcome.kills}`,
  ];
  if (verdict.unchecked > 0) {
    lines.push(`  not compared: ${count(verdict.unchecked)} readings of minutes too long ago`);
  }
  for (const detail of verdict.details) {
    const when = detail.minute === null ? "" : ` ${new Date(detail.minute).toISOString()}`;
    lines.push(`  ${detail.series}${when}: expected ${detail.expected}; got ${detail.got}`);
  }
  return lines.join("\n");
}

/** Why the run is not good, a line each; empty when it is. */
export function complaints(outcome: Outcome): string[] {
  const { verdict, crashes, isDrained } = outcome;
  const found: string[] = [];
  if (verdict.lost + verdict.duplicated > 0) {
    found.push(`${verdict.lost} readings lost, ${verdict.duplicated} duplicated`);
  }
  if (crashes > 0) found.push(`${crashes} times a program ended that nobody had killed`);
  if (!isDrained) found.push("not all readings arrived in time");
  return found;
}

function mapPrograms(figures: PerProgram, change: (figure: number) => number): PerProgram {
  return {
    hub: change(figures.hub),
    sink: change(figures.sink),
    agent: change(figures.agent),
    simulator: change(figures.simulator),
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
