/**
 * Feeds targets with mutated inputs, by one seed a target: input N of a seed is always the same, so a
 * finding is repeated by its numbers, or by its bytes.
 */
import { createRandom, type Random } from "#core/random.ts";
import { mutated } from "./mutation.ts";
import type { FuzzTarget } from "./target.ts";

/** Longer than this for one input is a hang for whoever waits for the parser. */
const SLOW_MS = 2000;

export interface Finding {
  target: string;
  seed: number;
  /** From 0. */
  number: number;
  input: Uint8Array;
  /** What was thrown, or how long it took. */
  what: string;
}

export interface FuzzTotals {
  target: string;
  inputs: number;
  bytes: number;
  slowestMs: number;
}

export class Fuzzer {
  readonly totals: FuzzTotals;
  readonly #target: FuzzTarget;
  readonly #seed: number;
  readonly #random: Random;

  constructor(target: FuzzTarget, seed: number) {
    this.#target = target;
    this.#seed = seed;
    this.#random = createRandom(seed).fork(target.name);
    this.totals = { target: target.name, inputs: 0, bytes: 0, slowestMs: 0 };
  }

  /** Feeds the next input; undefined when the parser took it well. */
  async step(): Promise<Finding | undefined> {
    const number = this.totals.inputs++;
    const input = mutated(this.#target, this.#random.fork(String(number)));
    this.totals.bytes += input.length;
    // Of the processor, not of the clock: the machine may have other work.
    const before = process.cpuUsage();
    const thrown = await thrownBy(this.#target, input);
    const { user, system } = process.cpuUsage(before);
    const tookMs = (user + system) / 1000;
    this.totals.slowestMs = Math.max(this.totals.slowestMs, tookMs);
    const slow = tookMs > SLOW_MS ? `took ${Math.round(tookMs)} ms of the processor` : undefined;
    const what = thrown ?? slow;
    if (what === undefined) return undefined;
    return { target: this.#target.name, seed: this.#seed, number, input, what };
  }
}

/** What the target throws at this input, with where; undefined for nothing. */
export async function thrownBy(target: FuzzTarget, input: Uint8Array): Promise<string | undefined> {
  try {
    await target.feed(input);
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
