/** `detect accept`: that was no anomaly. */
import { runningAgent } from "#agent/control/control-client.ts";
import { declareCommand, JSON_OPTION, Misuse } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { whereaboutsOf } from "#config/loading/load-config.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import { numberOf } from "./history-row.ts";
import { seriesOperandOf } from "./series-operand.ts";

export const detectAcceptCommand = declareCommand({
  name: "detect accept",
  operands: "DEVICE/TAG [VALUE]",
  operandCount: [1, 2],
  summary: "takes a value for usual: no anomaly, today or again",
  description: `Without VALUE it is the one that raised the tag's last alarm, or else the newest one. What the detectors know is widened to hold it, so that a value as far out, or
a way there, raises nothing; and what they had said of the tag ends. A tag that was called stuck may stand still.
Limits are not touched.`,
  options: { ...CONFIG_OPTION, ...JSON_OPTION },
  examples: [
    {
      line: "penstock detect accept oven-2/temperature",
      does: "what it was called unusual for is fine",
    },
    { line: "penstock detect accept oven-2/temperature 245", does: "up to that it is fine" },
  ],
  run: async ({ values, operands, io }) => {
    const { bufferPath } = whereaboutsOf(configFileOf(values.config, io.env));
    const body = requestOf(operands[0] ?? "", operands[1]);
    const agent = await runningAgent(bufferPath);
    const outcome = await agent.ask<{ value: number }>("POST /detectors/accept", { body });
    const text = `${operands[0] ?? ""}: ${outcome.value} is usual from now on.`;
    io.stdout.write(`${values.json ? JSON.stringify(outcome) : text}\n`);
    return EXIT.fine;
  },
});

function requestOf(series: string, text: string | undefined): object {
  const { device, tag } = seriesOperandOf(series);
  if (tag === undefined) throw new Misuse(`"${series}": expected DEVICE/TAG`);
  if (text === undefined) return { device, tag };
  const value = numberOf(text);
  if (!Number.isFinite(value)) throw new Misuse(`"${text}" is no number`);
  return { device, tag, value };
}
