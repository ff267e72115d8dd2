/** `hub`: the embedded hub. It has commands of its own, and reads its line itself. */
import type { Command } from "#config/command-line/command.ts";
import { systemClock } from "#core/clock.ts";
import { createLogger } from "#core/log.ts";
import { runHub } from "../hub/command.ts";

export const hubCommand: Command = {
  described: {
    name: "hub",
    summary: "the embedded hub, for a machine without Event Hubs",
    options: {},
    examples: [],
  },
  run: async (args, { env, signal, stdout, stderr }) => {
    const log = createLogger("hub", env["PENSTOCK_LOG"] ?? "info");
    return runHub({ args, signal, stdout, stderr, log, clock: systemClock, pid: process.pid });
  },
};
