/**
 * `detect`: back-tests the detectors on history. CSV in, CSV out, at the pace of the reader; nothing
 * is opened but the configuration.
 */
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { EXIT, reportFailure } from "#config/exit.ts";
import { type BackTestReport, summaryOf } from "./back-test-report.ts";
import { Misuse, parseDetectRequest } from "./detect-request.ts";
import { judgeGroup } from "./judge-group.ts";
import { judgeSeries } from "./judge-series.ts";

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

  detect --group [--sound ROWS] < machine.csv

takes all further columns for tags of one machine, which is sound in the first rows (default: 400), and
writes timestamp, anomaly_score, alarm, and the tag that is furthest from what it was.
`;

/** Resolves to the exit code. */
export async function detectCommand(options: DetectCommandOptions): Promise<number> {
  const { args, stdin, stdout, stderr } = options;
  try {
    const request = parseDetectRequest(args);
    if (request === "help") {
      stdout.write(HELP);
      return EXIT.fine;
    }
    const report: BackTestReport = { rows: 0, alarms: 0, unjudged: 0 };
    const judge = (input: AsyncIterable<Uint8Array>): AsyncIterable<string> =>
      request.kind === "group"
        ? judgeGroup(input, request, report)
        : judgeSeries(input, request, report);
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

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
