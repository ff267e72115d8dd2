/** `buffer drop`: gives up what waits for the hub. The sink is told of it. */
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import { isConfirmed } from "../confirm.ts";
import { sizeText } from "../size-text.ts";
import { withBuffer } from "./buffer-desk.ts";

export const bufferDropCommand = declareCommand({
  name: "buffer drop",
  summary: "drops the readings that wait, for good; asks before it does",
  description: `The sink is told what is missing, and why. Alarms are kept. What is just being sent stays.`,
  options: {
    ...CONFIG_OPTION,
    ...JSON_OPTION,
    yes: { type: "boolean", default: false, means: "do not ask" },
  },
  examples: [
    { line: "penstock buffer export > saved.ndjson", does: "first, to be on the safe side" },
    { line: "penstock buffer drop --yes", does: "drops all that waits" },
  ],
  run: async ({ values, io }) => {
    const settings = loadGateway(configFileOf(values.config, io.env));
    return withBuffer(settings, async (desk) => {
      const { segments, bytes } = await desk.stat();
      const question = `Drop ${segments} segments (${sizeText(bytes)}) of ${settings.gateway} for good?`;
      if (!values.yes && !(await isConfirmed(question, io))) {
        io.stderr.write("Nothing was dropped.\n");
        return EXIT.failed;
      }
      const outcome = await desk.drop();
      const { droppedSegments, droppedReadings, leftSegments } = outcome;
      const text = `Dropped ${droppedReadings} readings in ${droppedSegments} segments; ${leftSegments} segments stay.`;
      io.stdout.write(`${values.json ? JSON.stringify(outcome) : text}\n`);
      return EXIT.fine;
    });
  },
});
