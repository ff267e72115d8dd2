/**
 * The buffer alone: what it takes in while all goes well, what an outage does to the disk and to
 * those who wait for an acknowledgement, and how soon a start finds what is left.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { fillAndDrain, outage } from "./buffer/fill-and-drain.ts";
import { firstKey, measureFirstKey } from "./buffer/first-key.ts";
import { takeIn, takenIn } from "./buffer/take-in.ts";

export const name = "buffer";
export const describe =
  "the buffer alone: --seconds 5 of intake, --mib 160 filled and drained, then a start";

const MIB = 1024 * 1024;
const SAMPLES_SHOWN = 8;

const result = z.object({ takenIn, outage, firstKey });

export type BufferBenchResult = z.infer<typeof result>;

export async function run(args: readonly string[]): Promise<BufferBenchResult> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string", default: "5" },
      inflight: { type: "string", default: "2000" },
      mib: { type: "string", default: "160" },
      segments: { type: "string", default: "50000" },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), "penstock-bench-"));
  try {
    const inFlight = Number(values.inflight);
    return {
      takenIn: await takeIn(join(folder, "intake"), Number(values.seconds), inFlight),
      outage: await fillAndDrain(join(folder, "outage"), Number(values.mib) * MIB, inFlight),
      firstKey: await measureFirstKey(join(folder, "start"), Number(values.segments)),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function render(value: unknown): string {
  const { takenIn: intake, outage: drained, firstKey: start } = result.parse(value);
  const phases = Map.groupBy(drained.samples, ({ phase }) => phase);
  const { compacting, otherwise } = drained.acknowledged;
  return [
    `${intake.shape}: ${intake.readingsPerSecond} readings/s, ` +
      `${intake.readingsPerCpuSecond} a second of CPU time, ${intake.bytesPerReading.toFixed(1)} ` +
      `bytes a reading; acknowledged p50 ${ms(intake.acknowledgedP50Ms)}, ` +
      `p99 ${ms(intake.acknowledgedP99Ms)}`,
    "",
    "| s | phase | stored MB | on disk MB | compacting |",
    "| --: | --- | --: | --: | --- |",
    ...[...phases.values()]
      .flatMap(someOf)
      .map(
        ({ seconds, phase, storedMb, diskMb, isCompacting }) =>
          `| ${seconds.toFixed(1)} | ${phase} | ${storedMb.toFixed(1)} | ${diskMb.toFixed(1)} | ` +
          `${isCompacting ? "yes" : ""} |`,
      ),
    "",
    "| while draining, acknowledged | messages | p50 | p99 | max |",
    "| --- | --: | --: | --: | --: |",
    `| during ${drained.compactions} compactions | ${compacting.count} | ${ms(compacting.p50Ms)} | ` +
      `${ms(compacting.p99Ms)} | ${ms(compacting.maxMs)} |`,
    `| otherwise | ${otherwise.count} | ${ms(otherwise.p50Ms)} | ${ms(otherwise.p99Ms)} | ` +
      `${ms(otherwise.maxMs)} |`,
    "",
    `first of ${start.left} segments after ${start.forgotten} deleted ones: ` +
      `${ms(start.fromCursorMs)} from the persisted cursor, ${ms(start.fromBeginningMs)} from the ` +
      "beginning",
  ].join("\n");
}

/** Evenly spread, the last one with them. */
function someOf<T>(samples: readonly T[]): T[] {
  const step = Math.ceil(samples.length / SAMPLES_SHOWN);
  return samples.filter((_, at) => (samples.length - 1 - at) % step === 0);
}

function ms(duration: number): string {
  return `${duration.toFixed(2)} ms`;
}
