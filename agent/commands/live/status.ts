/** `status`: how a running agent is, in an exit code that monitoring programs understand. */
import { findAgent } from "#agent/control/control-client.ts";
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { whereaboutsOf } from "#config/loading/load-config.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import { reportOf, type StatusAnswer } from "./status-report.ts";

const NOT_RUNNING = 2;

export const statusCommand = declareCommand({
  name: "status",
  summary: "how the running agent is; exit code 0 well, 1 degraded, 2 failing or not running",
  description: `The first line is for monitoring programs; the rest says more. Degraded: it does its work, and
somebody should look. Failing: it cannot do its work.`,
  options: { ...CONFIG_OPTION, ...JSON_OPTION },
  examples: [
    { line: "penstock status", does: "the agent of this gateway" },
    { line: "penstock status --json | jq .sources", does: "each source with its counters" },
  ],
  run: async ({ values, io }) => {
    const { bufferPath, gateway } = whereaboutsOf(configFileOf(values.config, io.env));
    const agent = await findAgent(bufferPath);
    if (!agent) {
      io.stdout.write(
        values.json
          ? `${JSON.stringify({ running: false, gateway })}\n`
          : `CRITICAL: ${gateway}: no agent runs on the buffer ${bufferPath}\n`,
      );
      return NOT_RUNNING;
    }
    const status = await agent.ask<StatusAnswer>("GET /status");
    const { severity, headline, lines } = reportOf(status);
    io.stdout.write(
      values.json
        ? `${JSON.stringify({ running: true, severity, ...status })}\n`
        : `${[headline, ...lines].join("\n")}\n`,
    );
    return severity;
  },
});
