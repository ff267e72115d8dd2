import { expect, test } from "vitest";
import {
  machineCpuSeconds,
  type ProcessSample,
  sampleProcess,
  UsageMeter,
} from "#sim/programs/process-usage.ts";

test("a process of one's own has used CPU and memory; one that is gone has none to show", () => {
  const sample = sampleProcess(process.pid)!;
  const own = process.cpuUsage();
  expect(sample.cpuSeconds).toBeGreaterThan(0);
  expect(Math.abs(sample.cpuSeconds - (own.user + own.system) / 1e6)).toBeLessThan(1);
  expect(sample.peakBytes).toBeGreaterThan(20e6);
  expect(sampleProcess(2 ** 22 + 1)).toBeUndefined();
});

test("the machine as a whole has used more CPU than one of its processes", () => {
  expect(machineCpuSeconds()).toBeGreaterThan(sampleProcess(process.pid)!.cpuSeconds);
});

test("the CPU of several lives adds up, from the mark on; memory is the peak of all", () => {
  const now = new Map<number, ProcessSample>();
  const meter = new UsageMeter((pid) => now.get(pid));
  now.set(1, { cpuSeconds: 2, peakBytes: 500, anonymousBytes: 500 });
  meter.take(1);
  meter.mark();
  now.set(1, { cpuSeconds: 5, peakBytes: 700, anonymousBytes: 700 });
  meter.take(1);
  expect(meter.cpuSeconds).toBe(3);
  now.delete(1);
  meter.take(1);
  meter.take(undefined);
  now.set(2, { cpuSeconds: 1.5, peakBytes: 600, anonymousBytes: 600 });
  meter.take(2);
  now.set(2, { cpuSeconds: 2.5, peakBytes: 600, anonymousBytes: 600 });
  meter.take(2);
  expect(meter.cpuSeconds).toBe(5.5);
  expect(meter.peakBytes).toBe(700);
});
