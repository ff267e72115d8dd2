/** A board under a clock of its own, for tests that tell a story. */
import type { AlarmPriority } from "#core/alarm.ts";
import { AlarmBoard } from "#core/alarms/alarm-board.ts";
import type { AlarmEffects, AlarmOperation, KeptAlarms } from "#core/alarms/contract.ts";
import type { AlarmPolicy } from "#core/alarms/policy.ts";
import { FACTS, NOTHING_KEPT, POLICY, START_MS, told, transition } from "./sample.ts";

export class BoardDriver {
  nowMs = START_MS;
  readonly board: AlarmBoard;

  constructor(policy: Partial<AlarmPolicy> = {}, kept: Partial<KeptAlarms> = {}) {
    this.board = new AlarmBoard({ ...POLICY, ...policy }, { ...NOTHING_KEPT, ...kept }, FACTS);
    this.board.tick(this.nowMs);
  }

  raise(place: string, priority: AlarmPriority = "medium", gateway = ""): AlarmEffects {
    this.nowMs += 1;
    return this.board.take(transition(place, "active", this.nowMs, priority), gateway, this.nowMs);
  }

  clear(place: string, gateway = ""): AlarmEffects {
    this.nowMs += 1;
    return this.board.take(transition(place, "cleared", this.nowMs), gateway, this.nowMs);
  }

  operate(
    kind: Exclude<AlarmOperation["kind"], `${string}-maintenance`>,
    ...keys: string[]
  ): AlarmEffects {
    const operation = { keys, by: "eva", note: "on my way" };
    if (kind !== "shelve") return this.board.operate({ kind, ...operation }, this.nowMs);
    const until = this.nowMs + 60_000;
    return this.board.operate({ kind, ...operation, until }, this.nowMs);
  }

  beginMaintenance(devices: string[], forMs: number, note = "new burner"): AlarmEffects {
    const { nowMs } = this;
    const window = {
      id: "m1",
      devices,
      from: nowMs,
      until: nowMs + forMs,
      by: "eva",
      note,
      at: nowMs,
    };
    return this.board.operate({ kind: "begin-maintenance", window }, nowMs);
  }

  /** What people are told meanwhile, in short. */
  pass(ms: number): string[] {
    const untilMs = this.nowMs + ms;
    const said: string[] = [];
    for (;;) {
      const { dueAt } = this.board;
      if (dueAt === undefined || dueAt > untilMs) break;
      this.nowMs = Math.max(this.nowMs, dueAt);
      said.push(...told(this.board.tick(this.nowMs)));
    }
    this.nowMs = untilMs;
    return said;
  }

  /** As it is after a restart: only what was kept is known. */
  restarted(): BoardDriver {
    const driver = new BoardDriver({}, JSON.parse(JSON.stringify({ states: this.board.states() })));
    driver.nowMs = this.nowMs;
    return driver;
  }
}

/** The sentence of a sample alarm. */
export function sentence(device: string, tag: string): string {
  return `${device} ${tag} is 241 °C, above its limit of 240 °C`;
}
