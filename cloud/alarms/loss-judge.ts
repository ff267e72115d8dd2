/**
 * Watches over what the desk could not keep: transitions that went before they were taken in, being
 * too many while it was slow or away, and alarms for which the list had no room. It happened, and has
 * no end that could be observed.
 */
import type { KeptMemory } from "../store/desk-contract.ts";
import { ALARMS_FULL, figure, OF_PIPELINE, ruleAlarm, TRANSITIONS_LOST } from "./rule-alarms.ts";
import { recall, type Verdict } from "./verdict.ts";

export interface Losses {
  /** Transitions, since the database was made. */
  readonly givenUp: number;
  /** Alarms, since the term of the desk began. */
  readonly takenOff: number;
}

/** While it goes on, people are told of it so often. */
const TELL_EVERY_MS = 60_000;

export class LossJudge {
  readonly #nowMs: () => number;
  #told: Losses = { givenUp: 0, takenOff: 0 };
  #toldAtMs: number | undefined;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  load(memory: readonly KeptMemory[]): void {
    for (const [, givenUp] of recall<number>(memory, "given-up")) {
      this.#told = { ...this.#told, givenUp };
    }
  }

  judge(losses: Losses, verdict: Verdict): void {
    const nowMs = this.#nowMs();
    const givenUp = losses.givenUp - this.#told.givenUp;
    const takenOff = losses.takenOff - this.#told.takenOff;
    if ((givenUp <= 0 && takenOff <= 0) || this.#hasJustTold(nowMs)) return;
    this.#told = losses;
    this.#toldAtMs = nowMs;
    if (givenUp > 0) {
      verdict.remember(["given-up"], losses.givenUp);
      const message =
        `${figure(givenUp)} changes of alarms were given up, because too many waited: ` +
        "what stands may differ from what the gateways say.";
      raise(TRANSITIONS_LOST, givenUp, message, nowMs, verdict);
    }
    if (takenOff > 0) {
      const message =
        `${figure(takenOff)} alarms that mattered least were taken off the list, which is full: ` +
        "nobody is told of their ends. The journal names them. Find out what raises so many.";
      raise(ALARMS_FULL, takenOff, message, nowMs, verdict);
    }
  }

  #hasJustTold(nowMs: number): boolean {
    const agoMs = nowMs - (this.#toldAtMs ?? Number.NEGATIVE_INFINITY);
    return agoMs >= 0 && agoMs < TELL_EVERY_MS;
  }
}

function raise(
  rule: string,
  value: number,
  message: string,
  nowMs: number,
  verdict: Verdict,
): void {
  const measured = { priority: "high", change: "active", ts: nowMs, value, expected: 0 } as const;
  verdict.raise(ruleAlarm({ ...OF_PIPELINE, tag: rule, rule, ...measured, message }, nowMs));
}
