/** `buffer drain`: waits until the hub has all that is stored now. */
import type { BufferStat } from "#agent/buffer/contract.ts";
import { runningAgent } from "#agent/control/control-client.ts";
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { systemClock } from "#core/clock.ts";
import { isAbort } from "#core/errors.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import { sizeText } from "../size-text.ts";

const LOOK_EVERY_MS = 500;

export const bufferDrainCommand = declareCommand({
  name: "buffer drain",
  summary: "waits until the hub has all that is stored now",
  description: `Needs a running agent, which does the sending. What comes in meanwhile is not waited for. Exit code 0 when
the hub has it all, 1 when interrupted.`,
  options: { ...CONFIG_OPTION, ...JSON_OPTION },
  examples: [{ line: "penstock buffer drain && penstock-upgrade", does: "nothing left behind" }],
  run: async ({ values, io }) => {
    const { buffer } = loadGateway(configFileOf(values.config, io.env));
    const agent = await runningAgent(buffer.path);
    const look = (): Promise<BufferStat> => agent.ask("GET /buffer");
    const first = await look();
    const end = first.nextSegment;
    const startMs = systemClock.monotonic();
    let stat = first;
    try {
      while (stat.segments > 0 && stat.firstSegment < end) {
        if (!values.json) {
          io.stderr.write(`${stat.segments} segments, ${sizeText(stat.bytes)} wait\n`);
        }
        await systemClock.sleep(LOOK_EVERY_MS, { name: "buffer drain", signal: io.signal });
        stat = await look();
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
    const drained = stat.segments === 0 || stat.firstSegment >= end;
    const seconds = Math.round(systemClock.monotonic() - startMs) / 1000;
    const text = drained
      ? "The hub has all that was stored."
      : "Interrupted; some of it still waits.";
    const result = { drained, seconds, segmentsLeft: stat.segments };
    io.stdout.write(`${values.json ? JSON.stringify(result) : text}\n`);
    return drained ? EXIT.fine : EXIT.failed;
  },
});
