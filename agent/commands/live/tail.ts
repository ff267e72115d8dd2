/** `tail [DEVICE[/TAG]]`: the running agent's values as they come. */
import { runningAgent } from "#agent/control/control-client.ts";
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { whereaboutsOf } from "#config/loading/load-config.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import type { ShownReading } from "../device/collecting-intake.ts";

export const tailCommand = declareCommand({
  name: "tail",
  operands: "[DEVICE[/TAG]]",
  operandCount: [0, 1],
  summary: "the running agent's values as they come, until Ctrl-C",
  description: `Each line is a value that is newer than the last one shown of its tag: of a tag that changes more often
than five times a second the newest.`,
  options: { ...CONFIG_OPTION, ...JSON_OPTION },
  examples: [
    { line: "penstock tail", does: "everything" },
    { line: "penstock tail oven-2/temperature --json", does: "one tag, for a program" },
  ],
  run: async ({ values, operands, io }) => {
    const { bufferPath } = whereaboutsOf(configFileOf(values.config, io.env));
    const agent = await runningAgent(bufferPath);
    const [device, tag] = (operands[0] ?? "").split("/");
    const route = `GET /tail?${new URLSearchParams({ device: device ?? "" }).toString()}`;
    for await (const reading of agent.lines<ShownReading>(route, { signal: io.signal })) {
      if (tag !== undefined && reading.tag !== tag) continue;
      io.stdout.write(values.json ? `${JSON.stringify(reading)}\n` : lineOf(reading));
    }
    return EXIT.fine;
  },
});

function lineOf({ ts, device, tag, value, unit, quality, reason }: ShownReading): string {
  const at = ts === null ? "" : new Date(ts).toISOString();
  const shown = value === null ? "-" : `${value}${unit === undefined ? "" : ` ${unit}`}`;
  const doubt = quality === "good" ? "" : `  ${quality} (${reason ?? "?"})`;
  return `${at}  ${device}/${tag}  ${shown}${doubt}\n`;
}
