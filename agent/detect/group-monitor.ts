/**
 * Watches the tags of one machine together, and tells when they do not fit as they did. The group
 * detector's verdict on single rows comes and goes, so the alarm waits for a run of them either way.
 */
import type { Sensitivity } from "./anomaly-rule.ts";
import { type Finding, NO_FINDINGS, type Subject } from "./finding.ts";
import { GroupDetector } from "./group-detector.ts";
import type { Doing, Gate } from "./series-monitor.ts";
import { StateCursor } from "./state-cursor.ts";
import { StateLayout } from "./state-layout.ts";
import { type StateBlock, StateSlabs } from "./state-slabs.ts";
import { amount, nameOf } from "./wording.ts";

/** The machine counts as sound in its first rows. */
const SOUND_ROWS = 1000;
/** How far outside of what the sound machine did, in what the detector calls its limit. */
const OUTSIDE_MIN: Readonly<Record<Sensitivity, number>> = { high: 1, medium: 1.5, low: 2.5 };
/** Rows outside after which the alarm is raised, and rows inside after which it clears. */
const RAISE_ROWS = 10;
const CLEAR_ROWS = 60;

const ACTIVE = 0;
/** Rows in a row that say otherwise than the alarm. */
const TURNING_ROWS = 1;
const SINCE = 2;
/** Place of the tag that the alarm named. */
const WORST = 3;
const DOUBLES = 4;

export class GroupMonitor {
  readonly #tags: readonly Subject[];
  readonly #outsideMin: number;
  readonly #detector: GroupDetector;
  readonly #state: StateCursor;
  readonly #block: StateBlock;
  readonly #bytes: Uint8Array;

  /** @param tags in the order in which their values will come */
  constructor(tags: readonly Subject[], sensitivity: Sensitivity) {
    const layout = new StateLayout();
    this.#tags = tags;
    this.#outsideMin = OUTSIDE_MIN[sensitivity];
    this.#detector = new GroupDetector(layout, { tags: tags.length, soundRows: SOUND_ROWS });
    this.#state = new StateCursor(layout, DOUBLES);
    const slabs = new StateSlabs(layout.shape);
    const place = slabs.take();
    this.#block = slabs.open(place);
    this.#bytes = slabs.bytesOf(place);
    this.#detector.begin(this.#block);
  }

  /**
   * Judges a row, in order of time.
   * @param values one a tag; one that is not finite is left out
   */
  judge(ts: number, values: ArrayLike<number>, gate: Gate): readonly Finding[] {
    if (gate !== "open") return this.#end(ts, "is not judged while the machine rests");
    const outside = this.#detector.surprise(this.#block, values) >= this.#outsideMin;
    this.#state.on(this.#block);
    const active = this.#state.get(ACTIVE) === 1;
    const turning = outside === active ? 0 : this.#state.get(TURNING_ROWS) + 1;
    this.#state.set(TURNING_ROWS, turning);
    if (turning === 1 && !active) this.#state.set(SINCE, ts);
    if (turning < (active ? CLEAR_ROWS : RAISE_ROWS)) return NO_FINDINGS;
    if (active) return this.#end(ts, "fits together again as it did");
    this.#state.set(TURNING_ROWS, 0);
    this.#state.set(ACTIVE, 1);
    this.#state.set(WORST, this.#detector.worst);
    return [this.#finding(ts)];
  }

  doing(gate: Gate): Doing {
    if (gate !== "open") return { state: gate };
    const { seen, of } = this.#detector.learning(this.#block);
    return seen < of ? { state: "learning", seen, of } : { state: "watching" };
  }

  /** The machine is another one now, or was not sound when it was learnt. */
  relearn(ts: number): readonly Finding[] {
    const findings = this.#end(ts, "is learnt anew");
    this.#bytes.fill(0);
    this.#detector.begin(this.#block);
    return findings;
  }

  adopt(isActive: boolean): void {
    this.#state.on(this.#block);
    this.#state.set(ACTIVE, isActive ? 1 : 0);
  }

  /** All that is known of the machine: memory, not a copy. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Goes on from what was known before; false where the bytes are not of such a group. */
  resume(bytes: Uint8Array): boolean {
    if (bytes.length !== this.bytes.length) return false;
    this.bytes.set(bytes);
    return true;
  }

  #end(ts: number, why: string): readonly Finding[] {
    this.#state.on(this.#block);
    this.#state.set(TURNING_ROWS, 0);
    if (this.#state.get(ACTIVE) === 0) return NO_FINDINGS;
    this.#state.set(ACTIVE, 0);
    return [this.#finding(ts, why)];
  }

  /** @param why it is over; left out, it begins */
  #finding(ts: number, why?: string): Finding {
    this.#state.on(this.#block);
    const worst = this.#state.get(WORST);
    const since = this.#state.get(SINCE);
    const subject = this.#tags[worst] ?? { device: "", tag: "" };
    const { recent, usual } = this.#detector.explain(this.#block, worst);
    const { device, unit } = subject;
    const is = `${nameOf(subject)} is at ${amount(recent, subject)}`;
    return {
      rule: "group",
      state: why === undefined ? "active" : "cleared",
      priority: "low",
      ts,
      value: recent,
      expected: usual,
      ...(unit !== undefined && { unit }),
      ...(since > 0 && since <= ts && { since }),
      feature: subject.tag,
      message:
        why === undefined
          ? `${device} does not fit together as it did: ${is}, and was at about ${amount(usual, subject)}`
          : `${device} ${why}`,
    };
  }
}
