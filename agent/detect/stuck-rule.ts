/**
 * Finds a sensor that stands still. Values come in blocks; the smallest range that a block of the
 * sound series has had is what it never falls below. A block that moves much less than that is
 * stuck, even where the last digits still flicker. Whoever stands still for long and moves again was
 * at rest, not stuck: a series that is known to rest is never called stuck. O(1) a value.
 */
import { type Look, type Rule, report } from "./rule.ts";
import type { CountField, FlagField } from "./state-counts.ts";
import type { StateLayout } from "./state-layout.ts";
import type { FloatField } from "./state-numbers.ts";
import type { StateBlock } from "./state-slabs.ts";
import type { InstantField } from "./state-times.ts";
import { amount, lasting, nameOf } from "./wording.ts";

const BLOCK_VALUES = 16;
/** Blocks to learn from before anything is said. */
const LEARNING_BLOCKS = 40;
/** A block with less than this share of the smallest range is stuck; above the second, it is not. */
const STUCK_SHARE = 0.2;
const MOVING_SHARE = 0.6;
/** A stand of this length that ends by itself was a rest: a machine's break, a night. */
const REST_MS = 10 * 60_000;

export class StuckRule implements Rule {
  readonly names = ["stuck"];
  readonly #isCounter: boolean;
  /** Of the values under way: how far the newest is above the least of them, and below the greatest. */
  readonly #above: FloatField;
  readonly #below: FloatField;
  readonly #count: CountField;
  /** Of the blocks before, until there were enough of them. */
  readonly #blocks: CountField;
  readonly #leastRange: FloatField;
  readonly #restRange: FloatField;
  readonly #active: FlagField;
  /** When the block under way began; while stuck, the first block that was. */
  readonly #since: InstantField;

  /** @param isCounter a counter that stands still has stopped counting */
  constructor(layout: StateLayout, isCounter = false) {
    this.#isCounter = isCounter;
    this.#above = layout.float();
    this.#below = layout.float();
    this.#count = layout.count(BLOCK_VALUES - 1);
    this.#blocks = layout.count(LEARNING_BLOCKS + 1);
    this.#leastRange = layout.float();
    this.#restRange = layout.float();
    this.#active = layout.flag();
    this.#since = layout.instant();
  }

  begin(block: StateBlock): void {
    this.#leastRange.set(block, Number.POSITIVE_INFINITY);
    this.#restRange.set(block, Number.POSITIVE_INFINITY);
  }

  judge(look: Look): void {
    const { block, ts } = look;
    const count = this.#count.get(block) + 1;
    this.#count.set(block, count % BLOCK_VALUES);
    if (count === 1) this.#beginBlock(block, ts);
    else this.#widen(block, look.value - look.previous);
    if (count < BLOCK_VALUES) return;
    const wasActive = this.#active.get(block);
    const active = this.#judgeBlock(block, this.#above.get(block) + this.#below.get(block), ts);
    if (active === wasActive) return;
    this.#active.set(block, active);
    this.#tell(look, this.#sentence(look, active));
  }

  rest(look: Look, why: string): void {
    const { block } = look;
    this.#count.set(block, 0);
    if (!this.#active.get(block)) return;
    this.#active.set(block, false);
    this.#tell(look, `${nameOf(look.subject)} ${why}`);
  }

  /** Somebody says that it may stand still: what it was never seen to do, it is allowed to do now. */
  accept(block: StateBlock): void {
    this.#leastRange.set(block, 0);
  }

  isActive(block: StateBlock): boolean {
    return this.#active.get(block);
  }

  setActive(block: StateBlock, _name: string, active: boolean): void {
    this.#active.set(block, active);
  }

  #beginBlock(block: StateBlock, ts: number): void {
    this.#above.set(block, 0);
    this.#below.set(block, 0);
    if (!this.#active.get(block)) this.#since.set(block, ts);
  }

  #widen(block: StateBlock, change: number): void {
    this.#above.set(block, Math.max(0, this.#above.get(block) + change));
    this.#below.set(block, Math.max(0, this.#below.get(block) - change));
  }

  #judgeBlock(block: StateBlock, range: number, ts: number): boolean {
    const blocks = this.#blocks.countUp(block);
    const leastRange = this.#leastRange.get(block);
    const share = range / leastRange;
    if (this.#active.get(block)) return this.#isStill(block, share, range, ts);
    if (blocks > LEARNING_BLOCKS && share < STUCK_SHARE) {
      this.#restRange.set(block, range);
      return true;
    }
    if (range < leastRange) this.#leastRange.set(block, range);
    return false;
  }

  #isStill(block: StateBlock, share: number, range: number, ts: number): boolean {
    // Called stuck by an earlier life that knew more: whatever moves is enough to end it.
    if (this.#leastRange.get(block) === Number.POSITIVE_INFINITY) return range === 0;
    if (range < this.#restRange.get(block)) this.#restRange.set(block, range);
    if (share < MOVING_SHARE) return true;
    if (ts - this.#since.get(block, ts) >= REST_MS) {
      this.#leastRange.set(block, this.#restRange.get(block));
    }
    return false;
  }

  #sentence({ block, ts, value, subject }: Look, active: boolean): string {
    const name = nameOf(subject);
    const at = amount(value, subject);
    if (this.#isCounter)
      return active ? `${name} has stopped counting at ${at}` : `${name} counts on`;
    if (!active) return `${name} moves again`;
    const how = `for ${lasting(ts - this.#since.get(block, ts))}, which it has never done before`;
    return `${name} stands still at ${at} ${how}: is the sensor stuck?`;
  }

  #tell(look: Look, message: string): void {
    const { block, ts, value } = look;
    const active = this.#active.get(block);
    report(look, {
      rule: "stuck",
      state: active ? "active" : "cleared",
      priority: "low",
      ts,
      value,
      expected: value,
      since: this.#since.get(block, ts),
      feature: this.#isCounter ? "stopped" : "stuck",
      message,
    });
  }
}
