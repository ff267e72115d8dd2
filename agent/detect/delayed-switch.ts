/**
 * Whether a condition holds, once it has held for a time, and no longer once it has been over for a
 * time. A reading in between that says otherwise begins the wait anew.
 */
import type { FlagField } from "./state-counts.ts";
import type { StateLayout } from "./state-layout.ts";
import type { DoubleField } from "./state-numbers.ts";
import type { StateBlock } from "./state-slabs.ts";

export interface Delays {
  readonly onDelay?: number | undefined;
  readonly offDelay?: number | undefined;
}

export class DelayedSwitch {
  readonly #isOn: FlagField;
  /** From when on it has been otherwise; 0 where it is not. */
  readonly #turningSince: DoubleField;
  readonly #onSince: DoubleField;

  constructor(layout: StateLayout) {
    this.#isOn = layout.flag();
    this.#turningSince = layout.double();
    this.#onSince = layout.double();
  }

  isOn(block: StateBlock): boolean {
    return this.#isOn.get(block);
  }

  /** When what is on, or was on last, began. */
  onSince(block: StateBlock): number {
    return this.#onSince.get(block);
  }

  /** What is known from elsewhere: an alarm that outlived a restart, or was ended by hand. */
  set(block: StateBlock, on: boolean): void {
    this.#isOn.set(block, on);
    this.#turningSince.set(block, 0);
  }

  /** Takes in what a reading says; whether the switch turns with it. */
  turns(
    block: StateBlock,
    holds: boolean,
    ts: number,
    { onDelay = 0, offDelay = 0 }: Delays,
  ): boolean {
    if (holds === this.#isOn.get(block)) {
      this.#turningSince.set(block, 0);
      return false;
    }
    const since = this.#turningSince.get(block) || ts;
    this.#turningSince.set(block, since);
    if (ts - since < (holds ? onDelay : offDelay)) return false;
    this.#isOn.set(block, holds);
    this.#turningSince.set(block, 0);
    if (holds) this.#onSince.set(block, since);
    return true;
  }
}
