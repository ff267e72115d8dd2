/**
 * The scoring rules of the Numenta Anomaly Benchmark (Lavin and Ahmad 2015, arXiv:1510.03336).
 *
 * A labelled window is worth its earliest detection, the earlier the more; each detection outside
 * all windows costs, less so shortly behind a window. The first rows of a file are for learning and
 * are not scored. The sum is scaled so that saying nothing is 0 and perfection is 100.
 */

export interface NabProfile {
  readonly name: "standard" | "low FP" | "low FN";
  readonly falsePositive: number;
  readonly falseNegative: number;
}

export const NAB_PROFILES: readonly NabProfile[] = [
  { name: "standard", falsePositive: 0.11, falseNegative: 1 },
  { name: "low FP", falsePositive: 0.22, falseNegative: 1 },
  { name: "low FN", falsePositive: 0.11, falseNegative: 2 },
];

/** First and last row of a labelled anomaly, both within it. */
export type RowWindow = readonly [first: number, last: number];

/** What the rules say of each row of a file, whatever the detector. */
export interface NabRows {
  /** The row's window; −1 outside of all; −2 where rows are not scored. */
  readonly window: Int16Array;
  /** Worth of a detection at the row: up to 1 in a window, from above 0 down to −1 outside. */
  readonly worth: Float64Array;
  readonly windows: number;
}

const OUTSIDE = -1;
const NOT_SCORED = -2;
const LEARNING_SHARE = 0.15;
const LEARNING_ROWS_MAX = 750;

/** 1 far before 0, 0 at 0, −1 far behind it. */
function fall(position: number): number {
  return position > 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1;
}

const WORTH_AT_START = fall(-1);

export function learningRows(rows: number): number {
  return Math.min(Math.floor(LEARNING_SHARE * rows), LEARNING_ROWS_MAX);
}

/** @param windows sorted, apart from each other */
export function rateRows(rows: number, windows: readonly RowWindow[]): NabRows {
  const window = new Int16Array(rows).fill(OUTSIDE);
  const worth = new Float64Array(rows);
  const learning = learningRows(rows);
  let next = 0;
  for (let row = 0; row < rows; row++) {
    while ((windows[next]?.[1] ?? rows) < row) next += 1;
    const [first, last] = windows[next] ?? [rows, rows];
    if (row >= first) {
      window[row] = next;
      worth[row] = fall(-(last - row + 1) / (last - first + 1)) / WORTH_AT_START;
    } else {
      worth[row] = worthBehind(windows[next - 1], row);
    }
    if (row < learning) window[row] = NOT_SCORED;
  }
  return { window, worth, windows: windows.length };
}

function worthBehind(previous: RowWindow | undefined, row: number): number {
  if (!previous) return -1;
  const [first, last] = previous;
  return fall((row - last) / (last - first));
}

export interface ScoredFile {
  readonly rows: NabRows;
  /** How unusual each row is, 0 to 1. */
  readonly scores: ArrayLike<number>;
}

/** The score of all files at one threshold for all. */
export function nabScore(
  files: readonly ScoredFile[],
  profile: NabProfile,
  threshold: number,
): number {
  let sum = 0;
  let windows = 0;
  for (const file of files) {
    windows += file.rows.windows;
    sum += fileScore(file, profile, threshold);
  }
  const nothing = -profile.falseNegative * windows;
  return (100 * (sum - nothing)) / (windows - nothing);
}

function fileScore(file: ScoredFile, profile: NabProfile, threshold: number): number {
  const { window, worth, windows } = file.rows;
  const best = new Float64Array(windows).fill(-profile.falseNegative);
  let cost = 0;
  for (let row = 0; row < window.length; row++) {
    const place = window[row] ?? NOT_SCORED;
    if (place === NOT_SCORED || (file.scores[row] ?? 0) < threshold) continue;
    const value = worth[row] ?? 0;
    if (place === OUTSIDE) cost += profile.falsePositive * value;
    else if (value > (best[place] ?? 0)) best[place] = value;
  }
  return best.reduce((sum, value) => sum + value, cost);
}

export interface EventScore {
  readonly windows: number;
  readonly found: number;
  /** Runs of false rows; rows less than a hundred apart are one run. */
  readonly falseEpisodes: number;
  readonly falsePer10k: number;
  readonly f1: number;
}

const EPISODE_GAP = 100;

/** How many windows were found, and how often someone was called for nothing. */
export function eventScore(files: readonly ScoredFile[], threshold: number): EventScore {
  let windows = 0;
  let found = 0;
  let falseEpisodes = 0;
  let normalRows = 0;
  for (const { rows, scores } of files) {
    const hit = new Set<number>();
    let lastAlarm = Number.NEGATIVE_INFINITY;
    windows += rows.windows;
    for (let row = 0; row < rows.window.length; row++) {
      const place = rows.window[row] ?? NOT_SCORED;
      if (place === OUTSIDE) normalRows += 1;
      if (place === NOT_SCORED || (scores[row] ?? 0) < threshold) continue;
      if (place >= 0) hit.add(place);
      else if (row - lastAlarm > EPISODE_GAP) falseEpisodes += 1;
      lastAlarm = row;
    }
    found += hit.size;
  }
  const f1 = (2 * found) / (found + falseEpisodes + windows);
  return { windows, found, falseEpisodes, falsePer10k: (1e4 * falseEpisodes) / normalRows, f1 };
}
