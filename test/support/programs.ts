/** Hub, sink and agent as real processes of a test's own, and questions to the sink's API. */
import { randomInt } from "node:crypto";
import { onTestFinished } from "vitest";
import { systemClock } from "#core/clock.ts";
import { createRandom } from "#core/random.ts";
import type { ConfiguredDevices } from "#sim/demo/config-files.ts";
import { Programs } from "#sim/demo/programs.ts";
import { tempFolder } from "./temp-folder.ts";

export interface RollupAnswer {
  gateway: string;
  device: string;
  tag: string;
  start: number;
  count: number;
  bad: number;
  sum: number;
  min: number;
  max: number;
  first: unknown;
  last: unknown;
}

const SYSTEM_PICKS = { hub: undefined, sink: undefined, agent: undefined, mqtt: undefined };
const NOTHING_POLLED: ConfiguredDevices = { buses: {}, devices: {} };

export async function startPrograms(devices = NOTHING_POLLED): Promise<Programs> {
  const dataDir = await tempFolder();
  const random = createRandom(randomInt(2 ** 32));
  const programs = new Programs(
    { dataDir, ports: SYSTEM_PICKS, partitions: 4 },
    { clock: systemClock, random, notice: () => {} },
    random,
  );
  onTestFinished(() => programs.stop());
  await programs.start(devices);
  return programs;
}

export async function rollupsOf(
  programs: Programs,
  query: Record<string, string>,
): Promise<RollupAnswer[]> {
  const url = new URL("api/rollups", programs.sinkUrl);
  url.search = new URLSearchParams({ width: "1m", ...query }).toString();
  const text = await (await fetch(url)).text();
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line): RollupAnswer => JSON.parse(line));
}

export async function getJson(base: string, path: string): Promise<unknown> {
  const response = await fetch(new URL(path, base));
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return await response.json();
}
