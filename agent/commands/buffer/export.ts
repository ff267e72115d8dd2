/** `buffer export`: the readings that wait, as NDJSON. They stay in the buffer. */
import { EventEmitter, once } from "node:events";
import { declareCommand } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { isAbort } from "#core/errors.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import { withBuffer } from "./buffer-desk.ts";

export const bufferExportCommand = declareCommand({
  name: "buffer export",
  summary: "the readings that wait, one JSON document a line; they stay in the buffer",
  description: `Each line: device, tag, ts (milliseconds since 1970), value, quality, and a reason where it is not good.
Without a running agent the database is read in place, as on a disk from a gateway that is broken.`,
  options: CONFIG_OPTION,
  examples: [
    { line: "penstock buffer export > readings.ndjson", does: "saves all that the cloud has not" },
  ],
  run: async ({ values, io }) => {
    const settings = loadGateway(configFileOf(values.config, io.env));
    let readings = 0;
    await withBuffer(settings, async (desk) => {
      for await (const row of desk.readings()) {
        if (io.signal.aborted) return;
        readings += 1;
        if (io.stdout.write(`${JSON.stringify(row)}\n`) === false) {
          await drained(io.stdout, io.signal);
        }
      }
    });
    io.stderr.write(`${readings} readings\n`);
    return io.signal.aborted ? EXIT.failed : EXIT.fine;
  },
});

/** A slow reader holds the export back, not the memory; one that has left ends it. */
async function drained(output: object, signal: AbortSignal): Promise<void> {
  if (!(output instanceof EventEmitter)) return;
  try {
    await once(output, "drain", { signal });
  } catch (error) {
    if (!isAbort(error)) throw error;
  }
}
