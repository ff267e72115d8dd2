/**
 * The Skoltech Anomaly Benchmark's outlier problem as its leaderboard counts: the first 400 rows of
 * each experiment are for learning, the rest of all is pooled and counted row by row.
 */
export const SOUND_ROWS = 400;

export interface SkabResult {
  readonly f1: number;
  /** False alarms among normal rows, in percent. */
  readonly falseAlarmRate: number;
  /** Missed among abnormal rows, in percent. */
  readonly missedAlarmRate: number;
  /** Matthews' correlation: 0 for whoever does not look, whatever the share of anomalies. */
  readonly mcc: number;
}

export interface JudgedExperiment {
  readonly abnormal: readonly boolean[];
  readonly alarms: readonly boolean[];
}

export function skabScore(experiments: readonly JudgedExperiment[]): SkabResult {
  let hits = 0;
  let falseAlarms = 0;
  let misses = 0;
  let quiet = 0;
  for (const { abnormal, alarms } of experiments) {
    for (let row = SOUND_ROWS; row < abnormal.length; row++) {
      if (abnormal[row] === true && alarms[row] === true) hits += 1;
      else if (abnormal[row] === true) misses += 1;
      else if (alarms[row] === true) falseAlarms += 1;
      else quiet += 1;
    }
  }
  const product = (hits + falseAlarms) * (hits + misses) * (quiet + falseAlarms) * (quiet + misses);
  return {
    f1: (2 * hits) / (2 * hits + falseAlarms + misses),
    falseAlarmRate: (100 * falseAlarms) / (falseAlarms + quiet),
    missedAlarmRate: (100 * misses) / (misses + hits),
    mcc: product === 0 ? 0 : (hits * quiet - falseAlarms * misses) / Math.sqrt(product),
  };
}
