/** One rule on one series, without the rest of a monitor. */
import type { Finding, Subject } from "#agent/detect/finding.ts";
import type { Look, Rule } from "#agent/detect/rule.ts";
import { StateLayout } from "#agent/detect/state-layout.ts";
import { type StateBlock, singleBlock } from "#agent/detect/state-slabs.ts";

export class Watched<R extends Rule> {
  readonly rule: R;
  readonly block: StateBlock;
  readonly #subject: Subject;
  #previous = Number.NaN;

  constructor(subject: Subject, make: (layout: StateLayout) => R) {
    const layout = new StateLayout();
    this.rule = make(layout);
    this.block = singleBlock(layout.shape);
    this.#subject = subject;
    this.rule.begin(this.block);
  }

  judge(ts: number, value: number): Finding[] {
    const look = this.#look(ts, value);
    this.rule.judge(look);
    return look.findings ?? [];
  }

  rest(ts: number, value: number): Finding[] {
    const look = this.#look(ts, value);
    this.rule.rest(look, "is not judged while the machine stands");
    return look.findings ?? [];
  }

  /** One value after the other, `stepMs` apart. */
  judgeAll(values: Iterable<number>, fromTs = 0, stepMs = 1000): Finding[] {
    const found: Finding[] = [];
    let ts = fromTs;
    for (const value of values) {
      found.push(...this.judge(ts, value));
      ts += stepMs;
    }
    return found;
  }

  #look(ts: number, value: number): Look {
    const { block } = this;
    const previous = this.#previous;
    this.#previous = value;
    return { block, subject: this.#subject, ts, value, previous, findings: undefined };
  }
}
