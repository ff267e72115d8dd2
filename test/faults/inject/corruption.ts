/**
 * A file of the buffer's database is damaged: while the uplink is cut the buffer fills up; then the
 * agent is killed, and before it starts again, bits are flipped, a part becomes zeros, or the end is
 * missing.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "#core/random.ts";
import type { Inject } from "./injection.ts";

const BITS_MAX = 16;
const ZEROS = 4096;

export const corruption: Inject = async ({ rig, pulse, suspects, ending }, _fault, random) => {
  // What the last damage left is on its way: not all damage is to hit the same backlog.
  await pulse.untilWorking("sink", ending);
  await rig.links.uplink.cut();
  return {
    what: "the uplink is cut, so that the buffer fills up",
    heal: async () => {
      const folder = join(rig.bufferFolder, "db");
      let done = "";
      await rig.program("agent").whileDown(async () => {
        const chunks = await suspects.collect(folder);
        done = `${await damage(folder, random)}, with ${chunks} chunks in the buffer`;
      });
      await rig.links.uplink.heal();
      return done;
    },
  };
};

async function damage(folder: string, random: Random): Promise<string> {
  const files = (await readdir(folder)).filter((name) => !/^LO(CK|G)/.test(name)).toSorted();
  const file = files[random.int(files.length)] ?? "CURRENT";
  const path = join(folder, file);
  const bytes = await readFile(path);
  const place = random.int(Math.max(1, bytes.length));
  switch (random.int(3)) {
    case 0:
      await writeFile(path, bytes.subarray(0, place));
      return `${file} was cut at ${place} of ${bytes.length}`;
    case 1:
      await writeFile(path, bytes.fill(0, place, Math.min(bytes.length, place + ZEROS)));
      return `${file} has zeros from ${place} of ${bytes.length}`;
    default:
      await writeFile(path, flipBits(bytes, 1 + random.int(BITS_MAX), random));
      return `${file} of ${bytes.length} bytes has flipped bits`;
  }
}

function flipBits(bytes: Buffer, count: number, random: Random): Buffer {
  for (let flips = 0; flips < count && bytes.length > 0; flips++) {
    const place = random.int(bytes.length);
    bytes[place] = (bytes[place] ?? 0) ^ (1 << random.int(8));
  }
  return bytes;
}
