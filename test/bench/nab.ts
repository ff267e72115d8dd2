/**
 * The detectors against the Numenta Anomaly Benchmark: one frozen threshold, one set of parameters,
 * no look-ahead. The data are not part of this repository: `--data DIR`.
 */
import { parseArgs } from "node:util";
import { ALARM, type Candidate, CONTROLS, DETECTORS } from "./detection/candidates.ts";
import { type CleanStream, cleanStreams } from "./detection/clean-streams.ts";
import { type NabFile, readNab } from "./detection/nab-files.ts";
import {
  eventScore,
  NAB_PROFILES,
  nabScore,
  rateRows,
  type ScoredFile,
} from "./detection/nab-rules.ts";
import { renderRows } from "./detection/table.ts";

export const name = "nab";
export const describe = "detectors against NAB (--data DIR), with controls, and on clean streams";

export interface NabRow {
  detector: string;
  standard: number;
  lowFalsePositive: number;
  lowFalseNegative: number;
  found: string;
  falsePer10k: number;
  f1: number;
  cleanPer10k: number;
  /** CPU time a value. */
  microseconds: number;
  /** Kept of a series. */
  bytes: number | string;
}

const CLEAN_ROWS = 20_000;
const CLEAN_REPEATS = 4;

export { renderRows as render };

export async function run(args: readonly string[]): Promise<{ rows: NabRow[] }> {
  const { values } = parseArgs({
    args: [...args],
    options: { data: { type: "string" } },
  });
  if (values.data === undefined) throw new Error("nab needs --data DIR, where windows.json is");
  const files = readNab(values.data);
  const clean = cleanStreams(CLEAN_ROWS, CLEAN_REPEATS);
  const rows = [...DETECTORS, ...CONTROLS].map((candidate) => rate(candidate, files, clean));
  return { rows };
}

function rate(
  candidate: Candidate,
  files: readonly NabFile[],
  clean: readonly CleanStream[],
): NabRow {
  const scored = files.map((file) => score(candidate, file));
  // The second time, when the code is compiled.
  const before = process.cpuUsage();
  for (const file of files) score(candidate, file);
  const { user, system } = process.cpuUsage(before);
  const samples = files.reduce((sum, file) => sum + file.values.length, 0);
  const [standard = 0, lowFalsePositive = 0, lowFalseNegative = 0] = NAB_PROFILES.map((profile) =>
    nabScore(scored, profile, ALARM),
  );
  const events = eventScore(scored, ALARM);
  return {
    detector: candidate.name,
    standard,
    lowFalsePositive,
    lowFalseNegative,
    found: `${events.found}/${events.windows}`,
    falsePer10k: events.falsePer10k,
    f1: events.f1,
    cleanPer10k: cleanAlarms(candidate, clean),
    microseconds: (user + system) / samples,
    bytes: candidate.bytes ?? "-",
  };
}

function score(candidate: Candidate, file: NabFile): ScoredFile {
  const scorer = candidate.create();
  const scores = file.values.map((value, row) => scorer(value, file.ts[row] ?? 0));
  return { rows: rateRows(scores.length, file.windows), scores };
}

/** Alarms per 10,000 values where there is nothing to find. */
function cleanAlarms(candidate: Candidate, streams: readonly CleanStream[]): number {
  let alarms = 0;
  let samples = 0;
  for (const { values, stepMs } of streams) {
    const scorer = candidate.create();
    for (const [row, value] of values.entries()) {
      if (scorer(value, row * stepMs) >= ALARM) alarms += 1;
    }
    samples += values.length;
  }
  return (1e4 * alarms) / samples;
}
