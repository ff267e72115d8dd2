import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { render } from "./end-to-end.ts";

function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const script = fileURLToPath(import.meta.resolve("#test/bench/main.ts"));
  return spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
}

test("without a name the benchmarks are listed, each with what it measures", () => {
  const { status, stdout } = bench();
  expect(status).toBe(0);
  expect(stdout).toMatch(/^ {2}end-to-end +everything on one machine/m);
});

test("an unknown name is misuse", () => {
  const { status, stdout, stderr } = bench("no-such");
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain("No benchmark is called no-such");
});

test("the whole system's figures come out as a table in Markdown", () => {
  const perProgram = { hub: 0.1, sink: 0.2, agent: 0.3, simulator: 0.15 };
  const row = {
    sensors: 10_000,
    rateHz: 1,
    seconds: 30,
    produced: 300_000,
    rolledUp: 300_000,
    lost: 0,
    duplicated: 0,
    alarms: 3,
    latencyMs: { p50: 31.4, p99: 80, max: 200 },
    cpu: perProgram,
    otherCpu: 0.05,
    rssMb: { hub: 90, sink: 120, agent: 150, simulator: 160 },
    kills: 0,
  };
  const lines = render({ machine: "2 cores", rows: [row] }).split("\n");
  expect(lines[0]).toBe("2 cores");
  expect(lines[4]).toBe(
    "| 10000 × 1 | 10000 | 0.30 cores, 150 MB | 0.20 cores, 120 MB | 0.10 cores, 90 MB | " +
      "0.15 cores, 160 MB | 0.75 cores | 0.05 cores | 31 ms | 80 ms | 200 ms | 0 | 0 |",
  );
});
