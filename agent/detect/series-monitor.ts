import { type Finding, NO_FINDINGS, type Subject } from "./finding.ts";
import type { MonitorPlan, WatchSettings } from "./monitor-plan.ts";
import type { Look, Rule } from "./rule.ts";

/** Beyond this, differences do not fit a float: no measurement, and it would spoil all means. */
const LEARNT_MAX = 1e37;

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

/**
 * All that watches one series. Pure: the same readings give the same findings. There are as many of
 * them as series, so they have no more than three fields, and no private methods, which take a fourth.
 */
export class SeriesMonitor {
  readonly #plan: MonitorPlan;
  readonly #subject: Subject;
  /** Of the series' block. */
  readonly #place: number;

  constructor(plan: MonitorPlan, subject: Subject, limits: WatchSettings["limits"]) {
    this.#plan = plan;
    this.#subject = subject;
    this.#place = plan.take(limits);
  }

  /**
   * How unusual the last value was, 0 to 1; from 0.5 on it raised an alarm. To be asked before another
   * series is judged.
   */
  get score(): number {
    return this.#plan.anomaly?.lastScore ?? 0;
  }

  /** How long after its last reading the series is stale; infinite where nobody minds. */
  get staleAfterMs(): number {
    return (
      this.#plan.silence?.staleAfterMs(this.#plan.open(this.#place)) ?? Number.POSITIVE_INFINITY
    );
  }

  /**
   * Judges a good or uncertain reading, in order of time.
   * @param value finite
   * @param seenMs when it arrived, on a scale that does not step back; 0 where that is not known
   */
  judge(ts: number, value: number, gate: Gate = "open", seenMs = 0): readonly Finding[] {
    const plan = this.#plan;
    const look = plan.look(this.#place, this.#subject, ts, value);
    plan.sparkline.push(look.block, value);
    judgeBy(plan.set(this.#place), look);
    if (seenMs > 0) hear(plan, look, gate, seenMs);
    const isMeasured = Math.abs(value) <= LEARNT_MAX;
    if (gate !== "open") for (const rule of plan.learnt) rule.rest(look, WHY_NOT[gate]);
    else if (isMeasured) judgeBy(plan.learnt, look);
    if (isMeasured) plan.keep(look);
    return explained(plan, look);
  }

  /** A good reading that is no number came: it only says that the series is not silent. */
  hear(ts: number, gate: Gate, seenMs: number): readonly Finding[] {
    const plan = this.#plan;
    const look = plan.look(this.#place, this.#subject, ts, 0);
    hear(plan, look, gate, seenMs);
    return explained(plan, look);
  }

  /** Nothing has come for so long: to be called when that is longer than `staleAfterMs`. */
  silent(wallTs: number, silentMs: number): readonly Finding[] {
    const plan = this.#plan;
    const look = plan.look(this.#place, this.#subject, wallTs, 0);
    plan.silence?.silent(look, silentMs);
    return explained(plan, look);
  }

  doing(gate: Gate): Doing {
    const { anomaly } = this.#plan;
    if (!anomaly) return { state: "off" };
    if (gate !== "open") return { state: gate };
    const { seen, of } = anomaly.learning(this.#plan.open(this.#place));
    return seen < of ? { state: "learning", seen, of } : { state: "watching" };
  }

  /** The value that raised the last alarm of unusual values; undefined where there was none. */
  get lastUnusual(): number | undefined {
    return this.#plan.anomaly?.lastUnusual(this.#plan.open(this.#place));
  }

  /** Somebody who knows the machine says that the value is usual. What was said of it ends. */
  accept(ts: number, value: number): readonly Finding[] {
    const plan = this.#plan;
    const { anomaly, stuck, drift, learnt } = plan;
    const look = plan.look(this.#place, this.#subject, ts, value);
    const { block } = look;
    if (stuck?.isActive(block) === true) stuck.accept(block);
    for (const rule of learnt) rule.rest(look, "is usual, as somebody said");
    anomaly?.accept(block, value);
    drift?.accept(block, value);
    return explained(plan, look);
  }

  /** Forgets what was learnt, and begins anew. What was said by it ends; limits are not touched. */
  relearn(ts: number, value: number): readonly Finding[] {
    const plan = this.#plan;
    const look = plan.look(this.#place, this.#subject, ts, value);
    for (const rule of plan.learnt) rule.rest(look, "is learnt anew");
    plan.forget(look.block);
    return explained(plan, look);
  }

  /** Makes the rules agree with the alarms that are known to be active: they outlive a restart. */
  adopt(isActive: (rule: string) => boolean): void {
    const block = this.#plan.open(this.#place);
    for (const rule of rulesOf(this.#plan, this.#place)) {
      for (const name of rule.names) {
        const active = isActive(name);
        if (rule.isActive(block, name) !== active) rule.setActive(block, name, active);
      }
    }
  }

  /** Whether one of the rules would end such an alarm. */
  watchesFor(name: string): boolean {
    return rulesOf(this.#plan, this.#place).some(({ names }) => names.includes(name));
  }

  /** All that is known of the series: memory, not a copy. */
  get bytes(): Uint8Array {
    return this.#plan.bytesOf(this.#place);
  }

  /**
   * Goes on from what was known before: the program has been away, the series perhaps not.
   * @returns false where the bytes are not of a series with these settings
   */
  resume(bytes: Uint8Array): boolean {
    const own = this.bytes;
    if (bytes.length !== own.length) return false;
    own.set(bytes);
    this.#plan.silence?.resume(this.#plan.open(this.#place));
    return true;
  }
}

/** By index: an iterator would be garbage of every reading. */
function judgeBy(rules: readonly Rule[], look: Look): void {
  for (let i = 0; i < rules.length; i++) rules[i]?.judge(look);
}

function hear({ silence }: MonitorPlan, look: Look, gate: Gate, seenMs: number): void {
  if (!silence) return;
  if (gate === "open") silence.hear(look, seenMs);
  else silence.rest(look, seenMs, WHY_NOT[gate]);
}

function rulesOf(
  plan: MonitorPlan,
  place: number,
): readonly Pick<Rule, "names" | "isActive" | "setActive">[] {
  const { learnt, silence } = plan;
  return [...plan.set(place), ...learnt, ...(silence ? [silence] : [])];
}

/** What all findings have in common, and only findings cost. */
function explained(plan: MonitorPlan, { block, subject, findings }: Look): readonly Finding[] {
  if (findings === undefined) return NO_FINDINGS;
  const points = plan.sparkline.points(block);
  return findings.map((finding) => {
    const { since, unit = subject.unit, ...rest } = finding;
    const isKnown = since !== undefined && since > 0 && since <= finding.ts;
    return Object.assign(
      rest,
      unit !== undefined && { unit },
      isKnown && { since },
      points.length > 0 && { points },
    );
  });
}
