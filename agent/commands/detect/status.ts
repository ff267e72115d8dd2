/** `detect status`: what the running agent's detectors are doing. */
import { runningAgent } from "#agent/control/control-client.ts";
import type { DetectorRow } from "#agent/http/contract.ts";
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { textTable } from "#config/command-line/text-table.ts";
import { whereaboutsOf } from "#config/loading/load-config.ts";
import { formatDuration } from "#config/units.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import { seriesOperandOf } from "./series-operand.ts";

export const detectStatusCommand = declareCommand({
  name: "detect status",
  operands: "[DEVICE[/TAG]]",
  operandCount: [0, 1],
  summary: "what the running agent's detectors are doing: learning, watching, standing",
  description: `A series is learning until it has given enough values. It stands while its machine does (detect.while), and is
maintained while somebody works on it: then nothing is learnt or called unusual, and limits hold.`,
  options: { ...CONFIG_OPTION, ...JSON_OPTION },
  examples: [
    { line: "penstock detect status oven-2", does: "all tags of a device" },
    { line: "penstock detect status --json", does: "all, for a program" },
  ],
  run: async ({ values, operands, io }) => {
    const { bufferPath } = whereaboutsOf(configFileOf(values.config, io.env));
    const agent = await runningAgent(bufferPath);
    const query = operands[0] === undefined ? {} : { ...seriesOperandOf(operands[0]) };
    const route = `GET /detectors?${new URLSearchParams(query).toString()}`;
    const rows = await agent.ask<readonly DetectorRow[]>(route);
    if (values.json) io.stdout.write(`${JSON.stringify(rows)}\n`);
    else if (rows.length === 0) io.stdout.write("No series has given a number yet.\n");
    else io.stdout.write(`${textTable(["series", "state", "stale after"], rows.map(lineOf))}\n`);
    return EXIT.fine;
  },
});

function lineOf({ device, tag, state, seen, of, staleAfterMs }: DetectorRow): string[] {
  const doing = seen === undefined ? state : `${state}, ${seen} of ${of ?? "?"} values`;
  const stale = staleAfterMs === undefined ? "-" : formatDuration(staleAfterMs);
  return [`${device}/${tag}`, doing, stale];
}
