/** Back-tests single series: each row comes back with its score and alarm. */
import { BackTest, type Judgement } from "./back-test.ts";
import { type BackTestReport, countIn, scoreText } from "./back-test-report.ts";
import { type Delimiter, delimiterOf, fieldsOf, fieldText, linesOf } from "./csv.ts";
import type { SeriesRequest } from "./detect-request.ts";
import { columnsByCount, columnsOf, type HistoryColumns, numberOf, timeOf } from "./history-row.ts";

/** The series' name where the CSV has no tags. */
const ONLY_TAG = "value";

export async function* judgeSeries(
  input: AsyncIterable<Uint8Array>,
  { backTest, explain }: SeriesRequest,
  report: BackTestReport,
): AsyncIterable<string> {
  const test = new BackTest(backTest);
  let columns: HistoryColumns | undefined;
  let delimiter: Delimiter | undefined;
  let lineNumber = 0;
  for await (const line of linesOf(input)) {
    lineNumber += 1;
    if (line.trim() === "") continue;
    delimiter ??= delimiterOf(line);
    const fields = fieldsOf(line, delimiter);
    if (!columns) {
      const named = columnsOf(fields);
      columns = named ?? columnsByCount(fields);
      yield headerOf(columns, explain);
      if (named) continue;
    }
    const row = rowOf(fields, columns);
    const judgement = test.judge(row.tag ?? ONLY_TAG, timeOf(row.timestamp), numberOf(row.value));
    countIn(report, judgement, lineNumber);
    yield textOf(row, judgement, explain);
  }
}

interface Row {
  readonly timestamp: string;
  readonly tag?: string;
  readonly value: string;
}

function rowOf(fields: readonly string[], columns: HistoryColumns): Row {
  const timestamp = fields[columns.timestamp] ?? "";
  const value = fields[columns.value] ?? "";
  return columns.tag === undefined
    ? { timestamp, value }
    : { timestamp, tag: fields[columns.tag] ?? "", value };
}

function headerOf(columns: HistoryColumns, explain: boolean): string {
  const names = ["timestamp", ...(columns.tag === undefined ? [] : ["tag"]), "value"];
  return `${[...names, "anomaly_score", "alarm", ...(explain ? ["message"] : [])].join(",")}\n`;
}

function textOf(row: Row, { score, alarm, message }: Judgement, explain: boolean): string {
  const { timestamp, tag, value } = row;
  const given = tag === undefined ? [timestamp, value] : [timestamp, tag, value];
  const fields = [...given, scoreText(score), alarm ? "1" : "0", ...(explain ? [message] : [])];
  return `${fields.map(fieldText).join(",")}\n`;
}
