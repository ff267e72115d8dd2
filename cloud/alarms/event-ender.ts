/**
 * Some of the sink's alarms tell of something that happened, and no end of it can be observed: chunks
 * that are lost stay lost. They end by themselves a while after they last happened, and stay on the
 * list until somebody has acknowledged them.
 */
import type { AlarmRow } from "../store/alarm-row.ts";
import type { KeptMemory } from "../store/desk-contract.ts";
import {
  ALARMS_FULL,
  OF_GATEWAY,
  OF_PIPELINE,
  ruleAlarm,
  TRANSITIONS_LOST,
} from "./rule-alarms.ts";
import { recall, type Verdict } from "./verdict.ts";

const EVENTS = new Set(["gap", "copy-differs", "two-epochs", "sequence-jump"]);
const ENDS_AFTER_MS = 600_000;

interface Ending {
  alarm: AlarmRow;
  endsAtMs: number;
}

export class EventEnder {
  readonly #endings = new Map<string, Ending>();

  load(memory: readonly KeptMemory[]): void {
    for (const [key, ending] of recall<Ending>(memory, "event")) {
      this.#endings.set(JSON.stringify(key), ending);
    }
  }

  /** An alarm is taken in. */
  note(alarm: AlarmRow, nowMs: number, verdict: Verdict): void {
    if (!isOwnEvent(alarm) || alarm.state !== "active") return;
    const key = [alarm.gateway, alarm.device, alarm.tag, alarm.rule];
    const ending = { alarm, endsAtMs: nowMs + ENDS_AFTER_MS };
    this.#endings.set(JSON.stringify(key), ending);
    verdict.remember(["event", ...key], ending);
  }

  judge(nowMs: number, verdict: Verdict): void {
    for (const [name, { alarm, endsAtMs }] of this.#endings) {
      // One that seems to be far off is from before the clock was set back.
      if (endsAtMs > nowMs && endsAtMs <= nowMs + ENDS_AFTER_MS) continue;
      this.#endings.delete(name);
      const key: string[] = JSON.parse(name);
      verdict.remember(["event", ...key], undefined);
      const { rule, priority, value, expected } = alarm;
      const { gateway, device, tag } = alarm;
      const message = `${rule}: it did not happen again`;
      const place = { gateway, device, tag, rule, priority, value, expected };
      verdict.raise(ruleAlarm({ ...place, change: "cleared", ts: nowMs, message }, nowMs));
    }
  }
}

/** A gateway's detectors have a rule `gap`, too: that one is theirs to end. */
function isOwnEvent({ gateway, device, tag, rule }: AlarmRow): boolean {
  if (gateway === OF_PIPELINE.gateway) return rule === TRANSITIONS_LOST || rule === ALARMS_FULL;
  return EVENTS.has(rule) && device === OF_GATEWAY.device && tag === OF_GATEWAY.tag;
}
