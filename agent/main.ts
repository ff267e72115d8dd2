#!/usr/bin/env node
/** The agent's command line: which command runs, signals, and exit codes. */
import { type CommandLoader, describe, dispatch } from "#config/dispatch.ts";

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
  "alarm ls": async () => (await import("./commands/alarm-list.ts")).alarmListCommand,
  detect: async () => (await import("./commands/detect.ts")).detectCommand,
  "completion bash": async () =>
    (await import("./commands/completion.ts")).completionCommand(() => describe(COMMANDS)),
};

const { stdin, stdout, stderr, env } = process;
const ending = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => ending.abort());

process.exitCode = await dispatch(process.argv.slice(2), {
  intro: INTRO,
  commands: COMMANDS,
  io: { stdin, stdout, stderr, env, signal: ending.signal },
});

// A dead connection that a library has not given up yet must not keep a program that was told to
// end. What commands print without being told to end may take its time.
const LEFTOVERS_MS_MAX = 1000;
if (ending.signal.aborted) setTimeout(() => process.exit(), LEFTOVERS_MS_MAX).unref();
