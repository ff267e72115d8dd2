import type { Random } from "#core/random.ts";
import { ColouredNoise, Inertia } from "./inertia.ts";
import { DutyCycle, Stepper } from "./load.ts";

const HEAVIEST_KG = 38;

/** A platform scale: goods come and go, the beam settles, and drafts move the last digits. */
export class Scale {
  readonly #stepper = new Stepper();
  readonly #goods: DutyCycle;
  readonly #beam = new Inertia(400, 0);
  readonly #draft: ColouredNoise;

  constructor(random: Random) {
    this.#goods = new DutyCycle(random, 20_000, 0);
    this.#draft = new ColouredNoise(random, 0.004, 500);
  }

  /** Kilograms at `tMs` (ms since 1970). */
  weigh(tMs: number): number {
    const stepMs = this.#stepper.step(tMs);
    const beam = this.#beam.follow(HEAVIEST_KG * this.#goods.at(tMs), stepMs);
    return beam + this.#draft.next(stepMs);
  }
}
