/** The demo as people start it: real processes, a few seconds each. */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { tempFolder } from "#test/support/temp-folder.ts";

const SCRIPT = fileURLToPath(import.meta.resolve("#sim/demo/main.ts"));
const RUN_TIMEOUT_MS = 120_000;

interface Run {
  child: ChildProcess;
  /** Resolves when the process has ended. */
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** Resolves when standard error holds the text. */
  said(text: string): Promise<void>;
}

function start(args: string, env: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, [SCRIPT, ...args.split(" ")], { env });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (text) => {
    stdout += text;
  });
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  return {
    child,
    ended: new Promise((resolve) => {
      child.once("close", (code) => resolve({ code, stdout, stderr }));
    }),
    said: (text) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (stderr.includes(text)) resolve();
        };
        child.stderr.on("data", look);
        look();
      }),
  };
}

/** Processes whose command line holds the text. */
function processesWith(text: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
    } catch {
      return false;
    }
  });
}

describe("a short run", { timeout: RUN_TIMEOUT_MS }, () => {
  test("loses and doubles nothing though all three programs are killed, and cleans up", async () => {
    const folder = await tempFolder();
    const options = "--sensors 200 --rate 5 --seconds 8 --chaos --json";
    const { code, stdout, stderr } = await start(options, { TMPDIR: folder }).ended;
    for (const name of ["hub", "sink", "agent"]) expect(stderr).toContain(`kill -9 ${name}`);
    expect(stdout.trimEnd().split("\n")).toHaveLength(1);
    const outcome = JSON.parse(stdout);
    expect(outcome).toMatchObject({ sensors: 200, lost: 0, duplicated: 0, kills: 3, crashes: 0 });
    expect(outcome.produced).toBeGreaterThan(2000);
    expect(outcome.rolledUp).toBeGreaterThanOrEqual(outcome.produced);
    expect(outcome.latencyMs.p50).toBeGreaterThan(0);
    expect(outcome.cpu.agent).toBeGreaterThan(0);
    expect(outcome.rssMb.sink).toBeGreaterThan(20);
    expect(code).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
    expect(processesWith(folder)).toEqual([]);
  });

  test("without an end ends in order at the first ^C, and keeps its data where it is told", async () => {
    const folder = join(await tempFolder(), "kept");
    const run = start(`--sensors 100 --rate 2 --data ${folder}`);
    await run.said("running");
    run.child.kill("SIGINT");
    const { code, stdout, stderr } = await run.ended;
    expect(stderr).toMatch(/agent http:\/\/127\.0\.0\.1:\d+\/ {3}sink http:\/\/127\.0\.0\.1:\d+\//);
    expect(stdout).toContain("duplicated  0");
    expect(code).toBe(0);
    expect(readdirSync(folder).toSorted()).toEqual([
      "agent",
      "agent.alarms",
      "agent.learnt",
      "compiled",
      "gateway.yaml",
      "hub",
      "logs",
      "sink",
      "sink.yaml",
    ]);
    expect(processesWith(folder)).toEqual([]);
  });

  test("leaves no program behind when it is killed with -9", async () => {
    const folder = join(await tempFolder(), "kept");
    const run = start(`--sensors 100 --data ${folder}`);
    await run.said("running");
    expect(processesWith(folder).length).toBeGreaterThanOrEqual(3);
    run.child.kill("SIGKILL");
    await run.ended;
    await expect.poll(() => processesWith(folder), { timeout: 10_000 }).toEqual([]);
  });
});

describe("misuse", () => {
  test("is answered with a message and code 2", async () => {
    const { code, stdout, stderr } = await start("--sensors none").ended;
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("--sensors none: expected a number");
  });

  test("is a data folder that holds something already", async () => {
    const folder = await tempFolder();
    writeFileSync(join(folder, "precious"), "");
    const { code, stderr } = await start(`--data ${folder}`).ended;
    expect(code).toBe(2);
    expect(stderr).toContain("is not empty");
    expect(readdirSync(folder)).toEqual(["precious"]);
  });
});
