/**
 * The group detector against the Skoltech Anomaly Benchmark (eight sensors of one water circuit).
 * The data (GPL-3.0) are not part of this repository: `--data DIR`.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { GroupDetector } from "#agent/detect/group-detector.ts";
import { StateLayout } from "#agent/detect/state-layout.ts";
import { singleBlock } from "#agent/detect/state-slabs.ts";
import { readMaybeGzipped } from "./detection/nab-files.ts";
import { type SkabResult, SOUND_ROWS, skabScore } from "./detection/skab-rules.ts";
import { renderRows } from "./detection/table.ts";

export const name = "skab";
export const describe = "the group detector against SKAB (--data DIR), with controls";
export { renderRows as render };

/** Experiments with sound rows only are for those who learn from other files. */
const NOT_SCORED = "anomaly-free";
/** In nearly every experiment the fault is in these rows: what a look at the clock would score. */
const CLOCK_FROM = 570;
const CLOCK_TO = 970;

interface Experiment {
  readonly rows: readonly Float64Array[];
  readonly abnormal: readonly boolean[];
}

/** Whether each row is an alarm, knowing only what came before. */
type Candidate = (experiment: Experiment) => boolean[];

const CANDIDATES: Readonly<Record<string, Candidate>> = {
  "group of tags": groupAlarms,
  "(control) always": ({ rows }) => rows.map(() => true),
  "(control) never": ({ rows }) => rows.map(() => false),
  "(control) the clock": ({ rows }) => rows.map((_, row) => row >= CLOCK_FROM && row < CLOCK_TO),
};

type SkabRow = { detector: string } & SkabResult;

export async function run(args: readonly string[]): Promise<{ rows: SkabRow[] }> {
  const { values } = parseArgs({ args: [...args], options: { data: { type: "string" } } });
  if (values.data === undefined) throw new Error("skab needs --data DIR, where valve1 is");
  const experiments = readSkab(values.data);
  const rows = Object.entries(CANDIDATES).map(([detector, judge]) => {
    const judged = experiments.map((each) => ({ abnormal: each.abnormal, alarms: judge(each) }));
    const { f1, mcc, falseAlarmRate, missedAlarmRate } = skabScore(judged);
    return { detector, f1, mcc, falseAlarmRate, missedAlarmRate };
  });
  return { rows };
}

function groupAlarms({ rows }: Experiment): boolean[] {
  const layout = new StateLayout();
  const group = new GroupDetector(layout, { tags: rows[0]?.length ?? 0, soundRows: SOUND_ROWS });
  const block = singleBlock(layout.shape);
  group.begin(block);
  return rows.map((values) => group.surprise(block, values) >= 1);
}

function readSkab(folder: string): Experiment[] {
  const groups = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && entry.name !== NOT_SCORED,
  );
  return groups.flatMap(({ name: group }) =>
    readdirSync(join(folder, group))
      .filter((file) => /\.csv(\.gz)?$/.test(file))
      .map((file) => readExperiment(join(folder, group, file.replace(/\.gz$/, "")))),
  );
}

function readExperiment(path: string): Experiment {
  const [header = "", ...lines] = readMaybeGzipped(path).trim().split(/\r?\n/);
  const names = header.split(";");
  const anomaly = names.indexOf("anomaly");
  const tags = names.flatMap((column, i) =>
    /^(datetime|anomaly|changepoint)$/.test(column) ? [] : [i],
  );
  const cells = lines.map((line) => line.split(";"));
  return {
    rows: cells.map((row) => Float64Array.from(tags, (i) => Number(row[i]))),
    abnormal: cells.map((row) => Number(row[anomaly]) === 1),
  };
}
