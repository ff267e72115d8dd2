/** `detect relearn`: the machine is another one now. */
import { runningAgent } from "#agent/control/control-client.ts";
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { whereaboutsOf } from "#config/loading/load-config.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import { seriesOperandOf } from "./series-operand.ts";

export const detectRelearnCommand = declareCommand({
  name: "detect relearn",
  operands: "DEVICE[/TAG]",
  operandCount: [1, 1],
  summary: "forgets what was learnt of a tag, or of all tags of a device",
  description: `For a machine that was rebuilt, moved, or runs another product now. What the detectors had called unusual ends;
limits are not touched. Until it has learnt, the series is watched by its limits only.`,
  options: { ...CONFIG_OPTION, ...JSON_OPTION },
  examples: [
    { line: "penstock detect relearn oven-2", does: "all tags of a device" },
    { line: "penstock detect relearn oven-2/temperature", does: "one tag" },
  ],
  run: async ({ values, operands, io }) => {
    const { bufferPath } = whereaboutsOf(configFileOf(values.config, io.env));
    const body = seriesOperandOf(operands[0] ?? "");
    const agent = await runningAgent(bufferPath);
    const outcome = await agent.ask<{ series: number }>("POST /detectors/relearn", { body });
    const text = `${outcome.series} series ${outcome.series === 1 ? "is" : "are"} learnt anew.`;
    io.stdout.write(`${values.json ? JSON.stringify(outcome) : text}\n`);
    return EXIT.fine;
  },
});
