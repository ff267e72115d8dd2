/**
 * Tells a line on which devices answer and nobody understands from one on which nobody answers: after
 * a request bytes came, and no whole answer was in them. That is a wrong baud rate or parity, noise, or
 * two devices with one unit id. Pure.
 */
import { sampleOf } from "#agent/sources/serial/sample.ts";

const REQUESTS_REMEMBERED = 100;

/** A healthy line loses less than one answer in a hundred, and one or two may be chance. */
const SHARE_MAX = 0.05;
const NOISY_MIN = 3;

/** What was noisy is good again below this share, so that no line is both by turns. */
const SHARE_GOOD = 0.02;

export class NoiseWatch {
  /** Of the last requests, the newest last: true where noise came instead of an answer. */
  readonly #wasNoise: boolean[] = [];
  #sample = "";
  #total = 0;
  #isNoisy = false;

  /** Requests that were answered by noise, since the start. */
  get total(): number {
    return this.#total;
  }

  /** @param unframed bytes that came, and are in no answer */
  ended(isAnswered: boolean, unframed: Uint8Array): void {
    const isNoise = !isAnswered && unframed.length > 0;
    if (isNoise) {
      this.#total += 1;
      this.#sample = sampleOf(unframed).hex;
    }
    this.#wasNoise.push(isNoise);
    if (this.#wasNoise.length > REQUESTS_REMEMBERED) this.#wasNoise.shift();
    const { noisy, requests } = this.#counts;
    const share = noisy / requests;
    this.#isNoisy = this.#isNoisy ? share > SHARE_GOOD : noisy >= NOISY_MIN && share > SHARE_MAX;
  }

  /** One sentence, while too many answers are noise. */
  get complaint(): string | undefined {
    if (!this.#isNoisy) return undefined;
    const { noisy, requests } = this.#counts;
    const share = `${noisy} of the last ${requests} requests`;
    return `${share} got bytes that are no answer (${this.#sample}): check baud, parity and termination, and that no two devices have one unit id`;
  }

  get #counts(): { noisy: number; requests: number } {
    return { noisy: this.#wasNoise.filter(Boolean).length, requests: this.#wasNoise.length };
  }
}
