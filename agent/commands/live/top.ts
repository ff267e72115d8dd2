/** `top`: how the running agent is, once a second. */
import { runningAgent } from "#agent/control/control-client.ts";
import { declareCommand } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { whereaboutsOf } from "#config/loading/load-config.ts";
import { systemClock } from "#core/clock.ts";
import { isAbort } from "#core/errors.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import type { StatusAnswer } from "./status-report.ts";
import { topScreen } from "./top-screen.ts";

const EVERY_MS = 1000;
/** To the upper left corner, and clear what is below. */
const HOME = "\u001B[H\u001B[J";

export const topCommand = declareCommand({
  name: "top",
  summary: "a live table of the running agent: bus use, errors, buffer, uplink",
  description:
    "Until Ctrl-C; where standard output is no terminal, each state follows the one before.",
  options: {
    ...CONFIG_OPTION,
    once: { type: "boolean", default: false, means: "one state, after a second" },
  },
  examples: [{ line: "penstock top", does: "watches the agent" }],
  run: async ({ values, io }) => {
    const { bufferPath } = whereaboutsOf(configFileOf(values.config, io.env));
    const agent = await runningAgent(bufferPath);
    let before: StatusAnswer | undefined;
    try {
      while (!io.signal.aborted) {
        const now = await agent.ask<StatusAnswer>("GET /status", { signal: io.signal });
        if (before || !values.once) {
          io.stdout.write(`${io.stdout.isTTY === true ? HOME : ""}${topScreen(now, before)}`);
        }
        if (before && values.once) break;
        before = now;
        await systemClock.sleep(EVERY_MS, { name: "top", signal: io.signal });
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
    return EXIT.fine;
  },
});
