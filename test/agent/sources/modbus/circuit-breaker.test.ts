import { expect, test } from "vitest";
import { AnswerTimes } from "#agent/sources/modbus/answer-times.ts";
import { CircuitBreaker } from "#agent/sources/modbus/circuit-breaker.ts";
import { ProbeBudget } from "#agent/sources/modbus/probe-budget.ts";
import { createRandom } from "#core/random.ts";

const breaker = (intervalMs = 100): CircuitBreaker =>
  new CircuitBreaker(intervalMs, createRandom(1));

test("one lost answer does not open the breaker", () => {
  const one = breaker();
  one.failed("timeout", 0);
  expect(one.state).toBe("suspect");
  one.succeeded();
  expect(one.state).toBe("closed");
  one.failed("timeout", 0);
  one.failed("timeout", 100);
  expect(one.state).toBe("open");
});

test("a device is called silent after a probe has failed, too, or when none had its turn", () => {
  const one = breaker();
  one.failed("timeout", 0, false);
  expect([one.state, one.isSilent(0), one.isSilent(9999)]).toEqual(["open", false, false]);
  expect(one.isSilent(10_000)).toBe(true);
  one.failed("timeout", 1000);
  expect(one.isSilent(1000)).toBe(true);
  one.succeeded();
  expect(one.isSilent(1000)).toBe(false);
});

test("probes come less and less often, never faster than the polls, and never end", () => {
  const one = breaker(2000);
  one.failed("timeout", 0);
  let nowMs = 0;
  const gaps = Array.from({ length: 50 }, () => {
    one.failed("timeout", nowMs);
    const gap = one.probeAtMs - nowMs;
    nowMs = one.probeAtMs;
    return gap;
  });
  expect(Math.min(...gaps)).toBe(2000);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(30_000);
  expect(gaps.at(-1)).toBeGreaterThan(20_000);
});

test("an answer that comes late calls for a patient probe at once", () => {
  const one = breaker();
  one.failed("timeout", 0);
  one.failed("timeout", 100);
  expect(one.probeIsPatient).toBe(false);
  one.answeredLate(200);
  expect(one.probeAtMs).toBe(200);
  expect(one.probeIsPatient).toBe(true);
});

test("tells the reason of the last failure", () => {
  const one = breaker();
  one.failed("timeout", 0);
  one.failed("exception 6", 1);
  expect(one.reason).toBe("exception 6");
});

test("a probe waits for four times the slowest answer, and never longer than the time-out", () => {
  const times = new AnswerTimes();
  expect(times.probeTimeoutMs(1000)).toBe(1000);
  times.add(100);
  expect(times.probeTimeoutMs(1000)).toBe(400);
  expect(times.probeTimeoutMs(300)).toBe(300);
  for (let i = 0; i < 1000; i++) times.add(1);
  expect(times.probeTimeoutMs(1000)).toBe(50);
});

test("probes take 3 % of a bus", () => {
  const budget = new ProbeBudget();
  budget.spend(30, 1000);
  expect(budget.freeAtMs - 1000 + 30).toBeCloseTo(1000);
});
