#!/usr/bin/env node
/** The agent's command line: which command runs, signals, and exit codes. */
import { enableCompileCache } from "node:module";
import { dispatch } from "#config/command-line/dispatch.ts";
import { endSignal } from "#config/command-line/end-signal.ts";

// What is compiled once is kept for the next call: half of a short command's time.
enableCompileCache();
const { COMMANDS } = await import("./command-table.ts");

const { stdin, stdout, stderr, env } = process;

process.exitCode = await dispatch(process.argv.slice(2), {
  intro: "The gateway agent, and what its technicians need.",
  commands: COMMANDS,
  io: { stdin, stdout, stderr, env, signal: endSignal() },
});
