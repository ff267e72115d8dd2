import { describe, expect, test } from "vitest";
import { type Progress, ProgressLine, progressText } from "#sim/demo/progress-line.ts";

const progress: Progress = {
  elapsedMs: 72_300,
  phase: "running",
  produced: 123_456,
  acknowledged: 123_400,
  rolledUp: 123_000,
  alarms: 3,
  latencyP50Ms: 21.4,
  latencyP99Ms: 48.9,
  backlogBytes: 3 * 2 ** 20,
  down: [],
};

test("says everything in one line", () => {
  expect(progressText(progress)).toBe(
    "01:12 running · produced 123,456 · acked 123,400 · rolled up 123,000 · alarms 3 · " +
      "latency p50 21 ms p99 49 ms · backlog 3.0 MiB",
  );
  expect(progressText({ ...progress, down: ["hub"], elapsedMs: 3_700_000 })).toMatch(
    /^1:01:40 .* · down: hub$/,
  );
  expect(progressText({ ...progress, latencyP50Ms: undefined, backlogBytes: undefined })).toContain(
    "p50 ? p99 49 ms · backlog ?",
  );
});

function capture(columns: number | undefined): { line: ProgressLine; written: string[] } {
  const written: string[] = [];
  const output = { write: (text: string) => written.push(text), columns, hasColour: false };
  return { line: new ProgressLine(output), written };
}

describe("where the output is no terminal", () => {
  test("a plain line comes every five seconds, and when the phase changes", () => {
    const { line, written } = capture(undefined);
    for (let second = 0; second < 12; second++) {
      line.show({ ...progress, elapsedMs: second * 1000 });
    }
    line.show({ ...progress, elapsedMs: 11_500, phase: "draining" });
    expect(written.map((text) => text.slice(0, 6))).toEqual([
      "00:00 ",
      "00:05 ",
      "00:10 ",
      "00:11 ",
    ]);
    expect(written.join("")).not.toContain("\u001b");
    expect(written.join("")).not.toContain("\r");
  });
});

describe("on a terminal", () => {
  test("the line is rewritten in place and never wider than the terminal", () => {
    const { line, written } = capture(40);
    line.show(progress);
    expect(written[0]!.startsWith("\r\u001b[K01:12 running")).toBe(true);
    expect(written[0]!.length).toBeLessThanOrEqual(40 + "\r\u001b[K".length);
  });

  test("a notice stands above the line", () => {
    const { line, written } = capture(200);
    line.show(progress);
    line.notice("kill -9 hub");
    expect(written[1]).toBe(`\r\u001b[Kkill -9 hub\n${progressText(progress)}`);
  });

  test("colour is used only where it is wanted", () => {
    const written: string[] = [];
    const output = { write: (text: string) => written.push(text), columns: 200, hasColour: true };
    new ProgressLine(output).heading("title");
    expect(written.join("")).toContain("\u001b[1mtitle");
  });
});
