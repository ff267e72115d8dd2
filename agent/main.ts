#!/usr/bin/env node
/** The agent's command line: which command runs, signals, and exit codes. */
import { enableCompileCache } from "node:module";
import { dispatch } from "#config/dispatch.ts";

const INTRO = "The gateway agent, and what its technicians need.";
const COMMANDS: Readonly<Record<string, CommandLoader>> = {
  run: async () => (await import("./commands/run.ts")).runCommand,
  init: async () => (await import("./commands/init.ts")).initCommand,
  check: async () => (await import("./commands/check.ts")).checkCommand,
  "config show": async () => (await import("./commands/config-show.ts")).configShowCommand,
  "config diff": async () => (await import("./commands/config-diff.ts")).configDiffCommand,
  ports: async () => (await import("./commands/ports.ts")).portsCommand,
  scan: async () => (await import("./commands/scan.ts")).scanCommand,
  probe: async () => (await import("./commands/probe.ts")).probeCommand,
  read: async () => (await import("./commands/read.ts")).readCommand,
  tail: async () => (await import("./commands/tail.ts")).tailCommand,
  top: async () => (await import("./commands/top.ts")).topCommand,
  doctor: async () => (await import("./commands/doctor.ts")).doctorCommand,
  plan: async () => (await import("./commands/plan.ts")).planCommand,
  status: async () => (await import("./commands/status.ts")).statusCommand,
  "buffer stat": async () => (await import("./commands/buffer/stat.ts")).bufferStatCommand,
  "buffer ls": async () => (await import("./commands/buffer/list.ts")).bufferListCommand,
  "buffer export": async () => (await import("./commands/buffer/export.ts")).bufferExportCommand,
  "buffer drain": async () => (await import("./commands/buffer/drain.ts")).bufferDrainCommand,
  "buffer drop": async () => (await import("./commands/buffer/drop.ts")).bufferDropCommand,
  "alarm ls": async () => (await import("./commands/alarm-list.ts")).alarmListCommand,
  detect: async () => (await import("./commands/detect.ts")).detectCommand,
  "completion bash": async () =>
    (await import("./commands/completion.ts")).completionCommand(() => describe(COMMANDS)),
};
// What is compiled once is kept for the next call: half of a short command's time.
enableCompileCache();
const { COMMANDS } = await import("./command-table.ts");

const { stdin, stdout, stderr, env } = process;
const ending = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => ending.abort());

process.exitCode = await dispatch(process.argv.slice(2), {
  intro: "The gateway agent, and what its technicians need.",
  commands: COMMANDS,
  io: { stdin, stdout, stderr, env, signal: ending.signal },
});
