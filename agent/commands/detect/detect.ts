/**
 * `detect`: back-tests the detectors on history. CSV in, CSV out, at the pace of the reader; nothing
 * is opened but the configuration.
 */
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type CommandCall, declareCommand, type Output } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { systemCodeOf } from "#core/errors.ts";
import { type BackTestReport, summaryOf } from "./back-test-report.ts";
import { DETECT_OPTIONS, detectRequestOf } from "./detect-request.ts";
import { judgeGroup } from "./judge-group.ts";
import { judgeSeries } from "./judge-series.ts";

export const detectCommand = declareCommand({
  name: "detect",
  summary: "back-tests the detectors on CSV from standard input, by the code that runs live",
  description: `Reads "timestamp,value" or "timestamp,tag,value", with a header or without, and writes each row with
two more columns: anomaly_score (0 to 1) and alarm (1 where an alarm begins or is renewed). Times are
ISO 8601 (UTC where no zone is given), or seconds or milliseconds since 1970.

With --group all further columns are tags of one machine, which is sound in the first rows; it writes
timestamp, anomaly_score, alarm, and the tag that is furthest from what it was.`,
  options: DETECT_OPTIONS,
  examples: [
    { line: "penstock detect < history.csv", does: "judges one series" },
    { line: "penstock detect --group --sound 500 < machine.csv", does: "judges a machine" },
  ],
  run: detect,
});

async function detect({ values, io }: CommandCall<typeof DETECT_OPTIONS>): Promise<number> {
  const request = detectRequestOf(values);
  const report: BackTestReport = { rows: 0, alarms: 0, unjudged: 0 };
  const judge = (input: AsyncIterable<Uint8Array>): AsyncIterable<string> =>
    request.kind === "group"
      ? judgeGroup(input, request, report)
      : judgeSeries(input, request, report);
  try {
    await pipeline(io.stdin, judge, writableOf(io.stdout), { end: false });
    io.stderr.write(summaryOf(report));
    return EXIT.fine;
  } catch (error) {
    // The reader of our output has seen enough, as in `| head`.
    const code = systemCodeOf(error);
    if (code === "EPIPE" || code === "ERR_STREAM_PREMATURE_CLOSE") return EXIT.fine;
    throw error;
  }
}

/** Rows go out at the reader's pace, which only a stream can tell. */
function writableOf(output: Output): Writable {
  if (output instanceof Writable) return output;
  throw new TypeError("detect writes to a stream");
}
