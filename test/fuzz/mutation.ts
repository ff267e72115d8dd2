/** Makes wrong inputs from right ones. Pure: the same random numbers give the same inputs. */
import type { Random } from "#core/random.ts";
import type { FuzzTarget } from "./target.ts";

/** A longer input finds little more, and costs a run its speed. */
const INPUT_BYTES_MAX = 64 * 1024;
const CHANGES_MAX = 8;
const RUN_BYTES_MAX = 64;

/** Values at which lengths and counts turn over. */
const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x0a, 0x0d, 0x22, 0x2c, 0x3a, 0x5b, 0x7b];

type Change = (input: Buffer, random: Random, target: FuzzTarget) => Buffer;

const CHANGES: readonly Change[] = [
  flipBit,
  setEdge,
  insertNoise,
  removeRun,
  repeatRun,
  cutOff,
  splice,
  insertWord,
];

export function mutated(target: FuzzTarget, random: Random): Buffer {
  let input: Buffer = Buffer.from(pick(target.seeds, random));
  const changes = random.int(CHANGES_MAX + 1);
  for (let i = 0; i < changes; i++) {
    input = pick(CHANGES, random)(input, random, target).subarray(0, INPUT_BYTES_MAX);
  }
  return input;
}

/** Where the input is cut into what arrives at once. */
export function pieces(input: Uint8Array, random: Random): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < input.length; ) {
    const end = at + 1 + random.int(random.int(4) === 0 ? 4 : input.length);
    parts.push(input.subarray(at, end));
    at = end;
  }
  return parts;
}

function flipBit(input: Buffer, random: Random): Buffer {
  const at = random.int(input.length + 1);
  if (at < input.length) input[at] = (input[at] ?? 0) ^ (1 << random.int(8));
  return input;
}

function setEdge(input: Buffer, random: Random): Buffer {
  const at = random.int(input.length + 1);
  if (at < input.length) input[at] = pick(EDGES, random);
  return input;
}

function insertNoise(input: Buffer, random: Random): Buffer {
  const noise = Buffer.from(
    Array.from({ length: 1 + random.int(RUN_BYTES_MAX) }, () => random.int(256)),
  );
  return inserted(input, noise, random);
}

function removeRun(input: Buffer, random: Random): Buffer {
  const [start, end] = runIn(input, random);
  return Buffer.concat([input.subarray(0, start), input.subarray(end)]);
}

function repeatRun(input: Buffer, random: Random): Buffer {
  const [start, end] = runIn(input, random);
  const times = 1 + random.int(random.int(8) === 0 ? 200 : 4);
  const run = Buffer.concat(Array.from({ length: times }, () => input.subarray(start, end)));
  return Buffer.concat([input.subarray(0, end), run, input.subarray(end)]);
}

function cutOff(input: Buffer, random: Random): Buffer {
  return input.subarray(0, random.int(input.length + 1));
}

function splice(input: Buffer, random: Random, { seeds }: FuzzTarget): Buffer {
  const other = Buffer.from(pick(seeds, random));
  const [at, from] = [random.int(input.length + 1), random.int(other.length + 1)];
  return Buffer.concat([input.subarray(0, at), other.subarray(from)]);
}

function insertWord(input: Buffer, random: Random, { dictionary = [] }: FuzzTarget): Buffer {
  return dictionary.length === 0 ? input : inserted(input, pick(dictionary, random), random);
}

function inserted(input: Buffer, piece: Uint8Array, random: Random): Buffer {
  const at = random.int(input.length + 1);
  return Buffer.concat([input.subarray(0, at), piece, input.subarray(at)]);
}

function runIn(input: Buffer, random: Random): [start: number, end: number] {
  const start = random.int(input.length + 1);
  return [start, Math.min(input.length, start + 1 + random.int(RUN_BYTES_MAX))];
}

function pick<T>(choices: readonly T[], random: Random): T {
  const choice = choices[random.int(choices.length)];
  if (choice === undefined) throw new Error("nothing to choose from");
  return choice;
}
