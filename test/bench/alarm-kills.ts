/** Kill -9 in mid-alarm, for as many rounds as you like: what was told twice or never is the result. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type KillOutcome, killRounds } from "#test/agent/alarms/kill-rounds.ts";

export const name = "alarm-kills";
export const describe =
  "alarms over kill -9 between raise, notice and acknowledgement: --rounds 60 --seed 1";

export async function run(args: readonly string[]): Promise<KillOutcome> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "60" },
      seed: { type: "string", default: "1" },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), "penstock-bench-"));
  try {
    return await killRounds({ folder, rounds: Number(values.rounds), seed: Number(values.seed) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
