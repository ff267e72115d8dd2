import type { Random } from "#core/random.ts";

/**
 * Follows its target as heat follows power: first-order lag. Discretised by the implicit Euler
 * rule, which is stable for any step and needs no exponential.
 */
export class Inertia {
  readonly #timeConstantMs: number;
  value: number;

  constructor(timeConstantMs: number, value: number) {
    this.#timeConstantMs = timeConstantMs;
    this.value = value;
  }

  follow(target: number, stepMs: number): number {
    this.value += (target - this.value) * (stepMs / (this.#timeConstantMs + stepMs));
    return this.value;
  }
}

/**
 * Coloured noise: a first-order autoregression, so that neighbouring samples resemble each other
 * the more the closer they are. Its standard deviation does not depend on the sampling rate.
 */
export class ColouredNoise {
  readonly #random: Random;
  readonly #sigma: number;
  readonly #timeConstantMs: number;
  #value: number;

  constructor(random: Random, sigma: number, timeConstantMs: number) {
    this.#random = random;
    this.#sigma = sigma;
    this.#timeConstantMs = timeConstantMs;
    this.#value = sigma * random.normal();
  }

  next(stepMs: number): number {
    const memory = this.#timeConstantMs / (this.#timeConstantMs + stepMs);
    const fresh = Math.sqrt(1 - memory * memory);
    this.#value = memory * this.#value + fresh * this.#sigma * this.#random.normal();
    return this.#value;
  }
}
