/**
 * `detect`: back-tests the detectors on history. CSV in, CSV out, at the pace of the reader; nothing
 * is opened but the configuration.
 */
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { EXIT, reportFailure } from "#config/exit.ts";
import { BackTest, type Judgement } from "./back-test.ts";
import { fieldsOf, fieldText, linesOf } from "./csv.ts";
import { type DetectRequest, Misuse, parseDetectRequest } from "./detect-request.ts";
import { columnsByCount, columnsOf, type HistoryColumns, numberOf, timeOf } from "./history-row.ts";

export interface DetectCommandOptions {
  /** What follows the command's name. */
  args: readonly string[];
  stdin: Readable;
  stdout: Writable;
  stderr: { write(text: string): unknown };
}

const HELP = `Back-tests the detectors on history: the same code that runs live.

  detect < history.csv

reads CSV "timestamp,value" or "timestamp,tag,value" from standard input, with a header or without,
and writes each row with two more columns: anomaly_score (0 to 1) and alarm (1 where an alarm begins
or is renewed). Times are ISO 8601 (UTC where no zone is given), or seconds or milliseconds since 1970.

  --sensitivity high|medium|low   default: high, which shows most; the agent's own is medium
  --method records|median         default: records
  --config FILE --device NAME     takes the limits of the device's tags, by the column "tag"
  --explain                       a further column: what the agent would say
`;

/** The series' name where the CSV has no tags. */
const ONLY_TAG = "value";

/** Resolves to the exit code. */
export async function detectCommand(options: DetectCommandOptions): Promise<number> {
  const { args, stdin, stdout, stderr } = options;
  try {
    const request = parseDetectRequest(args);
    if (request === "help") {
      stdout.write(HELP);
      return EXIT.fine;
    }
    const report: Report = { rows: 0, alarms: 0, unjudged: 0 };
    const judge = (input: AsyncIterable<Uint8Array>): AsyncIterable<string> =>
      judgedLines(input, request, report);
    await pipeline(stdin, judge, stdout, { end: false });
    stderr.write(summaryOf(report));
    return EXIT.fine;
  } catch (error) {
    // The reader of our output has seen enough, as in `| head`.
    if (hasCode(error, "EPIPE") || hasCode(error, "ERR_STREAM_PREMATURE_CLOSE")) return EXIT.fine;
    if (!(error instanceof Misuse)) return reportFailure(error, stderr, HELP);
    stderr.write(`${error.message}\n\n${HELP}`);
    return EXIT.misuse;
  }
}

interface Report {
  rows: number;
  alarms: number;
  unjudged: number;
  firstFault?: string;
}

async function* judgedLines(
  input: AsyncIterable<Uint8Array>,
  { backTest, explain }: DetectRequest,
  report: Report,
): AsyncIterable<string> {
  const test = new BackTest(backTest);
  let columns: HistoryColumns | undefined;
  let lineNumber = 0;
  for await (const line of linesOf(input)) {
    lineNumber += 1;
    if (line.trim() === "") continue;
    const fields = fieldsOf(line);
    if (!columns) {
      const named = columnsOf(fields);
      columns = named ?? columnsByCount(fields);
      yield headerOf(columns, explain);
      if (named) continue;
    }
    const row = rowOf(fields, columns);
    const judgement = test.judge(row.tag ?? ONLY_TAG, timeOf(row.timestamp), numberOf(row.value));
    count(report, judgement, lineNumber);
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

/** Cut, not rounded: 0.4999 is no alarm and must not read as one. */
function scoreText(score: number): string {
  return String(Math.floor(score * 1e6) / 1e6);
}

function count(report: Report, { alarm, fault }: Judgement, lineNumber: number): void {
  report.rows += 1;
  if (alarm) report.alarms += 1;
  if (fault === undefined) return;
  report.unjudged += 1;
  report.firstFault ??= `line ${lineNumber}: ${fault}`;
}

function summaryOf({ rows, alarms, unjudged, firstFault }: Report): string {
  const unused = firstFault === undefined ? "" : `; ${unjudged} not judged (first: ${firstFault})`;
  return `${rows} rows, ${alarms} alarms${unused}\n`;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
