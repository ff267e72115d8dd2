/** What a run came to: the line of JSON, and why it is not good. */
import type { Verdict } from "#sim/ledger/verdict.ts";
import type { ProgramName } from "./fault-kind.ts";
import type { SinkReport } from "./sink-report.ts";

export interface Outcome {
  seed: number;
  /** The storm, as it really was. */
  minutes: number;
  store: string;
  /** Faults that came about, by kind. */
  faults: Readonly<Record<string, number>>;
  kills: Readonly<Record<ProgramName, number>>;
  /** Ends of programs that nobody asked for. */
  crashes: Readonly<Record<ProgramName, number>>;
  ledger: Verdict;
  /** Readings that a damaged buffer lost, as the agent told. */
  explained: number;
  /** Chunks that it lost without a word. */
  untold: number;
  sink: SinkReport;
  /** False where the wait for the last readings was given up. */
  isDrained: boolean;
  /** What repeats the run. */
  command: string;
}

export function isGood(outcome: Outcome): boolean {
  return complaints(outcome).length === 0;
}

/** Why the run is not good, a line each; empty when it is. */
export function complaints({
  ledger,
  untold,
  sink,
  faults,
  crashes,
  isDrained,
}: Outcome): string[] {
  const found: string[] = [];
  if (ledger.lost > 0) found.push(`${ledger.lost} readings lost`);
  if (ledger.duplicated > 0) found.push(`${ledger.duplicated} readings counted twice`);
  if (ledger.unchecked > 0) found.push(`${ledger.unchecked} readings could not be compared`);
  if (!isDrained) found.push("not all readings arrived in time");
  if (untold > 0) found.push(`the agent lost ${untold} chunks of a damaged buffer without a word`);
  if (sink.missingChunks > 0) found.push(`the sink misses ${sink.missingChunks} chunks`);
  if (sink.deadLetters > 0) found.push(`the sink could not read ${sink.deadLetters} events`);
  if ((faults["clone-buffer"] ?? 0) > 0 && !sink.alarms["two-epochs"]) {
    found.push("no alarm told of two agents under one name");
  }
  for (const [program, times] of Object.entries(crashes)) {
    if (times > 0) found.push(`${program} ended ${times} times though nobody had killed it`);
  }
  return found;
}

export function outcomeJson(outcome: Outcome): string {
  const { seed, store, faults, kills, crashes, ledger, isDrained, command } = outcome;
  const { produced, rolledUp, lost, duplicated, unacknowledged, details } = ledger;
  const killsInAll = Object.values(kills).reduce((sum, times) => sum + times, 0);
  const isFine = isGood(outcome);
  return JSON.stringify({
    seed,
    minutes: Number(outcome.minutes.toFixed(2)),
    store,
    faults,
    kills: { ...kills, all: killsInAll },
    produced,
    rolledUp,
    lost,
    duplicated,
    unacknowledged,
    explained: outcome.explained,
    sink: outcome.sink,
    crashes,
    drained: isDrained,
    verdict: isFine ? "passed" : "failed",
    ...(isFine ? {} : { complaints: complaints(outcome), details, repeat: command }),
  });
}
