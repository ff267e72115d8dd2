import { expect, test } from "vitest";
import { complaints, isGood, type Outcome, outcomeJson, outcomeText } from "#sim/demo/outcome.ts";

const figures = { hub: 0.1234, sink: 0.2, agent: 0.3, simulator: 0.4 };
const good: Outcome = {
  sensors: 1000,
  seconds: 10.004,
  verdict: {
    produced: 10_000,
    rolledUp: 10_000,
    lost: 0,
    duplicated: 0,
    unacknowledged: 0,
    unchecked: 0,
    mismatches: 0,
    details: [],
  },
  alarms: 4,
  latencyMs: { p50: 21.26, p99: 48.9, max: 130.01, count: 10_000 },
  warmUpSeconds: 5,
  cpu: figures,
  otherCpu: 0.25,
  rssMb: { hub: 90.4, sink: 120, agent: 130, simulator: 150 },
  kills: 0,
  crashes: 0,
  isDrained: true,
};

test("the line of JSON begins with the fields that programs read", () => {
  const line = outcomeJson(good);
  expect(line).not.toContain("\n");
  expect(Object.keys(JSON.parse(line))).toEqual([
    "sensors",
    "seconds",
    "produced",
    "rolledUp",
    "lost",
    "duplicated",
    "alarms",
    "latencyMs",
    "warmUpSeconds",
    "cpu",
    "otherCpu",
    "rssMb",
    "kills",
    "crashes",
    "unacknowledged",
  ]);
  expect(JSON.parse(line)).toMatchObject({
    seconds: 10,
    latencyMs: { p50: 21.3, p99: 48.9, max: 130 },
    cpu: { hub: 0.123 },
  });
});

test("a good run has nothing to complain about", () => {
  expect(isGood(good)).toBe(true);
  expect(complaints(good)).toEqual([]);
});

test.each<[string, Partial<Outcome>, string]>([
  ["a lost reading", { verdict: { ...good.verdict, lost: 1 } }, "1 readings lost, 0 duplicated"],
  ["a doubled reading", { verdict: { ...good.verdict, duplicated: 2 } }, "0 readings lost, 2"],
  ["a crash", { crashes: 1 }, "nobody had killed"],
  ["readings that did not arrive", { isDrained: false }, "in time"],
])("%s spoils a run, and is said", (_, change, complaint) => {
  const spoilt = { ...good, ...change };
  expect(isGood(spoilt)).toBe(false);
  expect(complaints(spoilt).join()).toContain(complaint);
});

test("what did not fit stands in both forms, series by series", () => {
  const detail = {
    series: "demo/oven-1/power",
    minute: 1_763_707_200_000,
    expected: "60 readings",
    got: "59 readings",
    lost: 1,
    duplicated: 0,
  };
  const verdict = { ...good.verdict, lost: 1, mismatches: 1, details: [detail] };
  expect(JSON.parse(outcomeJson({ ...good, verdict })).details).toEqual([detail]);
  expect(outcomeText({ ...good, verdict })).toContain(
    "demo/oven-1/power 2025-11-21T06:40:00.000Z: expected 60 readings; got 59 readings",
  );
});
