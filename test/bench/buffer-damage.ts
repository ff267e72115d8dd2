/**
 * How a buffer comes through damage: copies of a full one, as after a kill, with one file of the
 * database damaged each (bits flipped, cut, zeroed, deleted), are started and drained.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createRandom } from "#core/random.ts";
import { filledBuffer, surviveDamage } from "#test/agent/buffer/damage.ts";

export const name = "buffer-damage";
export const describe =
  "damages a buffer's files, and judges what it delivers (--damages N --seed S)";

export interface BufferDamageResult {
  damages: number;
  /** Of all chunks that the damaged buffers held. */
  deliveredShare: number;
  faults: string[];
  secondsPerStart: number;
}

export async function run(args: readonly string[]): Promise<BufferDamageResult> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      damages: { type: "string", default: "50" },
      seed: { type: "string", default: "1" },
    },
  });
  const [damages, first] = [Number(values.damages), Number(values.seed)];
  const folder = await mkdtemp(join(tmpdir(), "penstock-bench-"));
  const startMs = performance.now();
  try {
    const filled = await filledBuffer(join(folder, "filled"), createRandom(1));
    const faults: string[] = [];
    let kept = 0;
    for (let seed = first; seed < first + damages; seed++) {
      const copy = join(folder, `${seed}`);
      const survival = await surviveDamage(filled, copy, seed);
      faults.push(...survival.faults.map((fault) => `${survival.done}: ${fault}`));
      kept += survival.kept;
      await rm(copy, { recursive: true });
    }
    const deliveredShare = kept / (damages * filled.lines.size);
    const secondsPerStart = (performance.now() - startMs) / 1000 / damages;
    return { damages, deliveredShare, faults, secondsPerStart };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
