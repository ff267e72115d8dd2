/** Small programs that stand for the real ones, in a folder of the test's own. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Clock, systemClock } from "#core/clock.ts";
import { createRandom } from "#core/random.ts";
import type { ProgramSpec } from "#sim/programs/program-life.ts";
import { Supervisor } from "#sim/programs/supervisor.ts";

/** Real time, only that pauses between restarts are a hundredth of what is asked for. */
const hastyClock: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic(),
  sleep: (delayMs, options) => systemClock.sleep(delayMs / 100, options),
  after: (name, delayMs, run) => systemClock.after(name, delayMs, run),
  every: (name, intervalMs, run) => systemClock.every(name, intervalMs, run),
};

export function specOf(source: string, folder: string): ProgramSpec {
  const script = join(folder, "program.mjs");
  writeFileSync(script, source);
  return { name: "stand-in", script, args: ["--port", "7"], logFile: join(folder, "program.log") };
}

export interface Supervised {
  supervisor: Supervisor;
  notices: string[];
}

/** A supervisor whose program is gone when the test is over. */
export function supervise(spec: ProgramSpec): Supervised {
  const notices: string[] = [];
  const supervisor = new Supervisor(spec, {
    clock: hastyClock,
    random: createRandom(1),
    notice: (text) => notices.push(text),
  });
  onTestFinished(() => supervisor.stop(0));
  return { supervisor, notices };
}

/** Runs on until it is asked to end, as the real programs do. */
export const SERVING = `
  const timer = setInterval(() => {}, 1000);
  process.on("SIGTERM", () => clearInterval(timer));
  console.log(JSON.stringify({ pid: process.pid, args: process.argv.slice(2) }));
`;

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
