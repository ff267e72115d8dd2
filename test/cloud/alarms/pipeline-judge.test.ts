import { beforeEach, describe, expect, test } from "vitest";
import { PipelineJudge, type PipelineMeasures } from "#cloud/alarms/pipeline-judge.ts";
import { Verdict } from "#cloud/alarms/verdict.ts";
import { sinkAlarms } from "#config/sink/alarms.ts";

const MINUTE_MS = 60_000;
const good: PipelineMeasures = { latencyMs: 80, backlog: 0, errors: 0, retention: 0 };

let judge: PipelineJudge;
let minute: number;

function makeJudge(pipeline: unknown = {}): PipelineJudge {
  return new PipelineJudge(sinkAlarms.parse({ pipeline }).pipeline, () => 0);
}

beforeEach(() => {
  judge = makeJudge();
  minute = 0;
});

/** The next minute. */
function told(measures: Partial<PipelineMeasures>): string[] {
  const verdict = new Verdict();
  judge.judge({ ...good, ...measures }, minute * MINUTE_MS, verdict);
  minute += 1;
  return verdict.raised.map(({ rule, state, priority }) => `${rule} ${state} ${priority}`);
}

describe("the sink's watch over itself", () => {
  test("tells of latency above 500 ms only when it lasts, and of its end below the limit", () => {
    expect(told({ latencyMs: 501 })).toEqual([]);
    expect(told({ latencyMs: 100 })).toEqual([]);
    expect(told({ latencyMs: 900 })).toEqual([]);
    expect(told({ latencyMs: 900 })).toEqual(["latency active critical"]);
    expect(told({ latencyMs: 480 })).toEqual([]);
    expect(told({ latencyMs: 450 })).toEqual(["latency cleared critical"]);
  });

  test("tells at once of a backlog of a million, and of half the retention unread", () => {
    expect(told({ backlog: 1_000_000, retention: 0.5 })).toEqual([]);
    expect(told({ backlog: 1_000_001, retention: 0.51 })).toEqual([
      "backlog active medium",
      "retention active critical",
    ]);
  });

  test("tells of errors above 1 % that last", () => {
    expect(told({ errors: 0.02 })).toEqual([]);
    expect(told({ errors: 0.02 })).toEqual(["errors active critical"]);
  });

  test("judges nothing that was not measured, nor what is switched off", () => {
    expect(told({ backlog: undefined })).toEqual([]);
    judge = makeJudge({ latency: "off", backlog: 10 });
    expect(told({ latencyMs: 9000, backlog: 11 })).toEqual(["backlog active medium"]);
    expect(told({ latencyMs: 9000, backlog: 11 })).toEqual([]);
    judge = makeJudge("off");
    expect(told({ backlog: 1e9, retention: 1 })).toEqual([]);
  });

  test("ends an alarm whose watch was switched off meanwhile", () => {
    const verdict = new Verdict();
    judge.judge({ ...good, backlog: 2e6 }, 0, verdict);
    const ended = new Verdict();
    makeJudge({ backlog: "off" }).load(verdict.write.memory ?? [], ended);
    expect(ended.raised).toMatchObject([{ rule: "backlog", state: "cleared", gateway: "(sink)" }]);
    const going = new Verdict();
    makeJudge().load(verdict.write.memory ?? [], going);
    expect(going.isEmpty).toBe(true);
  });
});
