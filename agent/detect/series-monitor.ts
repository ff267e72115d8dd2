import { type Finding, NO_FINDINGS, type Subject } from "./finding.ts";
import type { MonitorPlan } from "./monitor-plan.ts";
import type { Look, Rule } from "./rule.ts";
import type { StateBlock } from "./state-slabs.ts";

/** Beyond this, differences and squares overflow: no measurement, and it would spoil all means. */
const LEARNT_MAX = 1e100;

/** Whether what comes is judged and learnt from. Limits hold all the same. */
export type Gate = "open" | "standing" | "maintained";

const WHY_NOT = {
  standing: "is not judged while the machine stands",
  maintained: "is not judged while it is being maintained",
} as const;

/** What the learning rules of a series are doing. */
export interface Doing {
  readonly state: "off" | "learning" | "watching" | "standing" | "maintained";
  /** Values learnt from, of those that are needed, while learning. */
  readonly seen?: number;
  readonly of?: number;
}

/** All that watches one series. Pure: the same readings give the same findings. */
export class SeriesMonitor {
  readonly #plan: MonitorPlan;
  readonly #subject: Subject;
  /** What somebody has set. */
  readonly #set: readonly Rule[];
  readonly #block: StateBlock;

  /** @param set the rules that the plan has left room for at the beginning of the block */
  constructor(plan: MonitorPlan, subject: Subject, set: readonly Rule[]) {
    this.#plan = plan;
    this.#subject = subject;
    this.#set = set;
    this.#block = plan.takeBlock();
  }

  /** How unusual the last value was, 0 to 1; from 0.5 on it raised an alarm. */
  get score(): number {
    return this.#plan.anomaly?.lastScore(this.#block) ?? 0;
  }

  /** How long after its last reading the series is stale; infinite where nobody minds. */
  get staleAfterMs(): number {
    return this.#plan.silence?.staleAfterMs(this.#block) ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Judges a good or uncertain reading, in order of time.
   * @param value finite
   * @param seenMs when it arrived, on a scale that does not step back; 0 where that is not known
   */
  judge(ts: number, value: number, gate: Gate = "open", seenMs = 0): readonly Finding[] {
    const plan = this.#plan;
    const look = plan.look(this.#block, this.#subject, ts, value);
    plan.sparkline.push(this.#block, value);
    for (const rule of this.#set) rule.judge(look);
    if (seenMs > 0) this.#hear(look, gate, seenMs);
    if (gate !== "open") for (const rule of plan.learnt) rule.rest(look, WHY_NOT[gate]);
    else if (Math.abs(value) <= LEARNT_MAX) for (const rule of plan.learnt) rule.judge(look);
    return look.findings === undefined ? NO_FINDINGS : this.#explained(look.findings);
  }

  /** A good reading that is no number came: it only says that the series is not silent. */
  hear(ts: number, gate: Gate, seenMs: number): readonly Finding[] {
    const look = this.#plan.look(this.#block, this.#subject, ts, 0);
    this.#hear(look, gate, seenMs);
    return look.findings === undefined ? NO_FINDINGS : this.#explained(look.findings);
  }

  /** Nothing has come for so long: to be called when that is longer than `staleAfterMs`. */
  silent(wallTs: number, silentMs: number): readonly Finding[] {
    const look = this.#plan.look(this.#block, this.#subject, wallTs, 0);
    this.#plan.silence?.silent(look, silentMs);
    return look.findings === undefined ? NO_FINDINGS : this.#explained(look.findings);
  }

  doing(gate: Gate): Doing {
    const { anomaly } = this.#plan;
    if (!anomaly) return { state: "off" };
    if (gate !== "open") return { state: gate };
    const { seen, of } = anomaly.learning(this.#block);
    return seen < of ? { state: "learning", seen, of } : { state: "watching" };
  }

  /** The value that raised the last alarm of unusual values; undefined where there was none. */
  get lastUnusual(): number | undefined {
    return this.#plan.anomaly?.lastUnusual(this.#block);
  }

  /** Somebody who knows the machine says that the value is usual. What was said of it ends. */
  accept(ts: number, value: number): readonly Finding[] {
    const { anomaly, stuck, drift, learnt } = this.#plan;
    const look = this.#plan.look(this.#block, this.#subject, ts, value);
    if (stuck?.isActive(this.#block) === true) stuck.accept(this.#block);
    for (const rule of learnt) rule.rest(look, "is usual, as somebody said");
    anomaly?.accept(this.#block, value);
    drift?.accept(this.#block, value);
    return look.findings === undefined ? NO_FINDINGS : this.#explained(look.findings);
  }

  /** Forgets what was learnt, and begins anew. What was said by it ends; limits are not touched. */
  relearn(ts: number, value: number): readonly Finding[] {
    const look = this.#plan.look(this.#block, this.#subject, ts, value);
    for (const rule of this.#plan.learnt) rule.rest(look, "is learnt anew");
    this.#plan.forget(this.#block);
    return look.findings === undefined ? NO_FINDINGS : this.#explained(look.findings);
  }

  /** Makes the rules agree with the alarms that are known to be active: they outlive a restart. */
  adopt(isActive: (rule: string) => boolean): void {
    for (const rule of this.#rules()) {
      for (const name of rule.names) {
        const active = isActive(name);
        if (rule.isActive(this.#block, name) !== active) {
          rule.setActive(this.#block, name, active);
        }
      }
    }
  }

  /** Whether one of the rules would end such an alarm. */
  watchesFor(name: string): boolean {
    return this.#rules().some(({ names }) => names.includes(name));
  }

  /** All that is known of the series: memory, not a copy. */
  get bytes(): Uint8Array {
    return this.#plan.bytesOf(this.#block);
  }

  /**
   * Goes on from what was known before: the program has been away, the series perhaps not.
   * @returns false where the bytes are not of a series with these settings
   */
  resume(bytes: Uint8Array): boolean {
    const own = this.bytes;
    if (bytes.length !== own.length) return false;
    own.set(bytes);
    this.#plan.silence?.resume(this.#block);
    return true;
  }

  #hear(look: Look, gate: Gate, seenMs: number): void {
    const { silence } = this.#plan;
    if (!silence) return;
    if (gate === "open") silence.hear(look, seenMs);
    else silence.rest(look, seenMs, WHY_NOT[gate]);
  }

  #rules(): Pick<Rule, "names" | "isActive" | "setActive">[] {
    const { learnt, silence } = this.#plan;
    return [...this.#set, ...learnt, ...(silence ? [silence] : [])];
  }

  /** What all findings have in common, and only findings cost. */
  #explained(findings: readonly Finding[]): Finding[] {
    const points = this.#plan.sparkline.points(this.#block);
    const { unit } = this.#subject;
    return findings.map((finding) => {
      const { since, unit: own = unit, ...rest } = finding;
      const isKnown = since !== undefined && since > 0 && since <= finding.ts;
      return Object.assign(
        rest,
        own !== undefined && { unit: own },
        isKnown && { since },
        points.length > 0 && { points },
      );
    });
  }
}
