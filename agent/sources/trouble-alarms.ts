/**
 * Turns what troubles a source into local alarms: raised once when a trouble begins, cleared when it
 * is over. Pure: whoever looks at the source hands in what stands now.
 */
import type { AlarmTransition } from "#core/alarm.ts";
import type { Trouble } from "./contract.ts";

export class TroubleAlarms {
  readonly #source: string;
  readonly #active = new Map<string, { alarm: AlarmTransition; rule: Trouble["rule"] }>();

  /** @param source as people know it: `bus packer` */
  constructor(source: string) {
    this.#source = source;
  }

  /** The transitions since the last look. */
  look(troubles: readonly Trouble[], nowMs: number): AlarmTransition[] {
    const standing = new Map(troubles.map((trouble) => [keyOf(trouble), trouble]));
    const transitions: AlarmTransition[] = [];
    for (const [key, { alarm, rule }] of this.#active) {
      if (standing.has(key)) continue;
      this.#active.delete(key);
      transitions.push(clearedBy(alarm, nowMs, this.#over(rule, alarm.device)));
    }
    for (const [key, trouble] of standing) {
      if (this.#active.has(key)) continue;
      const alarm = raisedBy(trouble, nowMs);
      this.#active.set(key, { alarm, rule: trouble.rule });
      transitions.push(alarm);
    }
    return transitions;
  }

  /** The source is stopped on purpose: nothing of it troubles anybody any more. */
  end(nowMs: number): AlarmTransition[] {
    const over = `${this.#source} is not wanted any more`;
    const cleared = [...this.#active.values()].map(({ alarm }) => clearedBy(alarm, nowMs, over));
    this.#active.clear();
    return cleared;
  }

  #over(rule: Trouble["rule"], device: string): string {
    switch (rule) {
      case "stopped":
        return `${this.#source} runs`;
      case "dead":
        return `${this.#source} can be reached again`;
      case "noisy":
        return `${this.#source} gives answers that can be read`;
      case "silent":
        return `${device} gives readings again`;
    }
  }
}

function keyOf({ device, tag, rule }: Trouble): string {
  return JSON.stringify([device, tag, rule]);
}

function raisedBy(trouble: Trouble, ts: number): AlarmTransition {
  const { device, tag, rule } = trouble;
  const id = `${device} ${tag} ${rule} ${ts}`;
  return { id, ...trouble, state: "active", ts, value: 1, expected: 0 };
}

function clearedBy(alarm: AlarmTransition, ts: number, over: string): AlarmTransition {
  return { ...alarm, id: `${alarm.id} cleared`, state: "cleared", ts, message: `Over: ${over}.` };
}
