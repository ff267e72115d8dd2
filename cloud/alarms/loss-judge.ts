/**
 * Watches over what the desk should have taken in and could not: transitions that went, being too
 * many, while it was slow or away. It happened, and has no end that could be observed.
 */
import type { KeptMemory } from "../store/desk-contract.ts";
import { figure, OF_PIPELINE, ruleAlarm, TRANSITIONS_LOST } from "./rule-alarms.ts";
import { recall, type Verdict } from "./verdict.ts";

/** While it goes on, people are told of it so often. */
const TELL_EVERY_MS = 60_000;

export class LossJudge {
  readonly #nowMs: () => number;
  #known = 0;
  #toldAtMs: number | undefined;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  load(memory: readonly KeptMemory[]): void {
    for (const [, known] of recall<number>(memory, "given-up")) this.#known = known;
  }

  /** @param givenUp how many, since the database was made */
  judge(givenUp: number, verdict: Verdict): void {
    const lost = givenUp - this.#known;
    const nowMs = this.#nowMs();
    if (lost <= 0 || this.#hasJustTold(nowMs)) return;
    this.#known = givenUp;
    this.#toldAtMs = nowMs;
    verdict.remember(["given-up"], givenUp);
    const message =
      `${figure(lost)} changes of alarms were given up, because too many waited: ` +
      "what stands may differ from what the gateways say.";
    const place = { ...OF_PIPELINE, tag: TRANSITIONS_LOST, rule: TRANSITIONS_LOST };
    const measured = { priority: "high", change: "active", ts: nowMs, value: lost } as const;
    verdict.raise(ruleAlarm({ ...place, ...measured, expected: 0, message }, nowMs));
  }

  #hasJustTold(nowMs: number): boolean {
    const agoMs = nowMs - (this.#toldAtMs ?? Number.NEGATIVE_INFINITY);
    return agoMs >= 0 && agoMs < TELL_EVERY_MS;
  }
}
