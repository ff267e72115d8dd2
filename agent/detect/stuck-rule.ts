/**
 * Finds a sensor that stands still. Values come in blocks; the smallest range that a block of the
 * sound series has had is what it never falls below. A block that moves much less than that is
 * stuck, even where the last digits still flicker. Whoever stands still for long and moves again was
 * at rest, not stuck: a series that is known to rest is never called stuck. O(1) a value.
 */
import type { Finding, Subject } from "./finding.ts";
import { amount, nameOf } from "./wording.ts";

const BLOCK_VALUES = 16;
/** Blocks to learn from before anything is said. */
const LEARNING_BLOCKS = 40;
/** A block with less than this share of the smallest range is stuck; above the second, it is not. */
const STUCK_SHARE = 0.2;
const MOVING_SHARE = 0.6;
/** A stand of this length that ends by itself was a rest: a machine's break, a night. */
const REST_MS = 10 * 60_000;

export class StuckRule {
  #low = Number.POSITIVE_INFINITY;
  #high = Number.NEGATIVE_INFINITY;
  #inBlock = 0;
  #blocks = 0;
  #leastRange = Number.POSITIVE_INFINITY;
  #active = false;
  #sinceTs = 0;
  #restRange = Number.POSITIVE_INFINITY;

  /** Appends what changed to `findings`, made when first needed. The value is finite. */
  judge(
    ts: number,
    value: number,
    subject: Subject,
    findings: Finding[] | undefined,
  ): Finding[] | undefined {
    if (value < this.#low) this.#low = value;
    if (value > this.#high) this.#high = value;
    this.#inBlock += 1;
    if (this.#inBlock < BLOCK_VALUES) return findings;
    const active = this.#judgeBlock(this.#high - this.#low, ts);
    this.#beginBlock();
    if (active === this.#active) return findings;
    this.#active = active;
    const found = findings ?? [];
    found.push(finding(active, ts, value, subject));
    return found;
  }

  /** The machine stands, as it may: nothing is learnt, and an alarm that is active ends. */
  stand(
    ts: number,
    value: number,
    subject: Subject,
    findings: Finding[] | undefined,
  ): Finding[] | undefined {
    this.#beginBlock();
    if (!this.#active) return findings;
    this.#active = false;
    const found = findings ?? [];
    const message = `${nameOf(subject)} is not judged while the machine stands`;
    found.push({ ...finding(false, ts, value, subject), message });
    return found;
  }

  #beginBlock(): void {
    this.#low = Number.POSITIVE_INFINITY;
    this.#high = Number.NEGATIVE_INFINITY;
    this.#inBlock = 0;
  }

  #judgeBlock(range: number, ts: number): boolean {
    this.#blocks += 1;
    const share = range / this.#leastRange;
    if (this.#active) return this.#isStill(share, range, ts);
    if (this.#blocks > LEARNING_BLOCKS && share < STUCK_SHARE) {
      this.#sinceTs = ts;
      this.#restRange = range;
      return true;
    }
    if (range < this.#leastRange) this.#leastRange = range;
    return false;
  }

  #isStill(share: number, range: number, ts: number): boolean {
    if (range < this.#restRange) this.#restRange = range;
    if (share < MOVING_SHARE) return true;
    if (ts - this.#sinceTs >= REST_MS) this.#leastRange = this.#restRange;
    return false;
  }
}

function finding(active: boolean, ts: number, value: number, subject: Subject): Finding {
  const at = amount(value, subject);
  return {
    rule: "stuck",
    state: active ? "active" : "cleared",
    priority: "low",
    ts,
    value,
    expected: value,
    message: active
      ? `${nameOf(subject)} stands still at ${at}, which it has never done before: is the sensor stuck?`
      : `${nameOf(subject)} moves again`,
  };
}
