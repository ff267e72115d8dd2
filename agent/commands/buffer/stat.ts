/** `buffer stat`: how full the buffer is, and how long it lasts. */
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import { withBuffer } from "./buffer-desk.ts";
import { statLines } from "./wording.ts";

export const bufferStatCommand = declareCommand({
  name: "buffer stat",
  summary: "how full the buffer is, and how long it lasts",
  options: { ...CONFIG_OPTION, ...JSON_OPTION },
  examples: [
    { line: "penstock buffer stat", does: "of the running agent, or of the folder" },
    { line: "penstock buffer stat --json | jq .hoursLeft", does: "hours left at the present rate" },
  ],
  run: async ({ values, io }) => {
    const settings = loadGateway(configFileOf(values.config, io.env));
    const stat = await withBuffer(settings, async (desk) => desk.stat());
    const text = values.json ? JSON.stringify(stat) : statLines(stat).join("\n");
    io.stdout.write(`${text}\n`);
    return EXIT.fine;
  },
});
