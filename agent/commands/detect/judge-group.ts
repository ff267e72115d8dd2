/** Back-tests the tags of one machine together. */
import { GroupDetector } from "#agent/detect/group-detector.ts";
import { StateLayout } from "#agent/detect/state-layout.ts";
import { singleBlock } from "#agent/detect/state-slabs.ts";
import { type BackTestReport, countIn, scoreText } from "./back-test-report.ts";
import { type Delimiter, delimiterOf, fieldsOf, fieldText, linesOf } from "./csv.ts";
import type { GroupRequest } from "./detect-request.ts";
import { numberOf } from "./history-row.ts";

/** The first line is a header: the time's name, then the tags'. */
export async function* judgeGroup(
  input: AsyncIterable<Uint8Array>,
  { soundRows }: GroupRequest,
  report: BackTestReport,
): AsyncIterable<string> {
  let delimiter: Delimiter | undefined;
  let tags: string[] | undefined;
  let group: ((values: ArrayLike<number>) => { ratio: number; worst: number }) | undefined;
  let lineNumber = 0;
  for await (const line of linesOf(input)) {
    lineNumber += 1;
    if (line.trim() === "") continue;
    delimiter ??= delimiterOf(line);
    const [time = "", ...fields] = fieldsOf(line, delimiter);
    if (!tags || !group) {
      tags = fields;
      group = groupOf(tags.length, soundRows);
      yield "timestamp,anomaly_score,alarm,tag\n";
      continue;
    }
    const values = Float64Array.from(fields, numberOf);
    const { ratio, worst: place } = group(values);
    const score = 1 - 1 / (1 + ratio);
    const alarm = ratio >= 1;
    const lacking = values.length < tags.length || values.includes(Number.NaN);
    countIn(report, { alarm, ...(lacking && { fault: "a tag has no number" }) }, lineNumber);
    const worst = ratio > 0 ? (tags[place] ?? "") : "";
    yield `${[time, scoreText(score), alarm ? "1" : "0", worst].map(fieldText).join(",")}\n`;
  }
}

function groupOf(
  tags: number,
  soundRows: number,
): (values: ArrayLike<number>) => { ratio: number; worst: number } {
  const layout = new StateLayout();
  const group = new GroupDetector(layout, { tags, soundRows });
  const block = singleBlock(layout.shape);
  group.begin(block);
  return (values) => ({ ratio: group.surprise(block, values), worst: group.worst });
}
