/** CSV from spreadsheets and historians, as `detect` takes it. */
import { judgeGroup } from "#agent/commands/detect/judge-group.ts";
import { judgeSeries } from "#agent/commands/detect/judge-series.ts";
import { PenstockError } from "#core/errors.ts";
import { createRandom } from "#core/random.ts";
import { pieces } from "../mutation.ts";
import { bytes, type FuzzTarget, holds } from "../target.ts";

const WORDS = bytes(",", ";", "\n", "\r\n", '"', '""', "timestamp", "value", "tag", "1e999", "NaN");

type Judge = (input: AsyncIterable<Uint8Array>) => AsyncIterable<string>;

/** What comes out of an input that arrives in these pieces; undefined where it is refused. */
async function judged(judge: Judge, parts: readonly Uint8Array[]): Promise<string[] | undefined> {
  const lines: string[] = [];
  try {
    for await (const line of judge(streamOf(parts))) lines.push(line);
  } catch (error) {
    if (!(error instanceof PenstockError) || error.code !== "PAYLOAD_TOO_LARGE") throw error;
    return undefined;
  }
  return lines;
}

async function* streamOf(parts: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* parts;
}

async function judges(
  judge: Judge,
  input: Uint8Array,
  scoreColumn: (line: string) => string,
): Promise<void> {
  const whole = await judged(judge, [input]);
  const parted = await judged(judge, pieces(input, createRandom(input.length)));
  holds(whole?.join("") === parted?.join(""), "rows do not depend on how the bytes arrive");
  for (const line of whole?.slice(1) ?? []) {
    const score = Number(scoreColumn(line));
    holds(score >= 0 && score <= 1, `a score is 0 to 1: ${line.trim()}`);
    holds(line.endsWith("\n"), "a row ends");
  }
}

export const series: FuzzTarget = {
  name: "history-series",
  describe: "CSV of single series",
  seeds: bytes(
    "timestamp,value\n2026-11-21 10:00:00,71.2\n1763707201,71.3\n",
    'timestamp;tag;value\n2026-11-21T10:00:00+01:00;"a;b";1\n1763707200000;c;-1e3\n',
    '1,1\n2,2\n"3",3\r\n\n',
  ),
  dictionary: WORDS,
  feed: async (input) => {
    const detect = { auto: true, sensitivity: "high", method: "records" } as const;
    const backTest = { device: "d", detect, tagSettings: () => ({}) };
    const request = { kind: "series", backTest, explain: false } as const;
    const report = { rows: 0, alarms: 0, unjudged: 0 };
    await judges(
      (stream) => judgeSeries(stream, request, report),
      input,
      (line) => line.trimEnd().split(",").at(-2) ?? "",
    );
    holds(report.unjudged <= report.rows, "what was not judged was counted as a row");
  },
};

export const group: FuzzTarget = {
  name: "history-group",
  describe: "CSV of the tags of one machine",
  seeds: bytes(
    "time,a,b,c\n1,1,2,3\n2,2,3,4\n3,1.5,2.5,3.5\n4,9,9,9\n",
    "time;a;b\n1;1,5;2\n2;;\n3;x;1\n",
  ),
  dictionary: WORDS,
  feed: async (input) => {
    const report = { rows: 0, alarms: 0, unjudged: 0 };
    await judges(
      (stream) => judgeGroup(stream, { kind: "group", soundRows: 2 }, report),
      input,
      (line) => /([\d.e+-]+),[01],(?:"(?:[^"]|"")*"|[^",]*)\n$/.exec(line)?.[1] ?? "",
    );
  },
};
