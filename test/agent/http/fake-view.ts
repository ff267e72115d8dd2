import type { AgentStatus, AgentView, DetectorRow, ValueRow } from "#agent/http/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { AlarmState, JournalEntry } from "#core/alarms/contract.ts";
import { stateKey } from "#core/alarms/state-key.ts";

export function alarm(n: number, state: "active" | "cleared" = "active"): AlarmTransition {
  return {
    id: `id-${n}`,
    device: `oven-${n}`,
    tag: "temperature",
    rule: "limit-hh",
    state,
    priority: "high",
    ts: 1_763_707_200_000 + n,
    value: 241.5,
    expected: 240,
    message: `oven-${n} temperature is 241.5 °C, above its high-high limit of 240 °C`,
  };
}

export function stateOf(raised: AlarmTransition): AlarmState {
  return {
    key: stateKey("", raised),
    gateway: "",
    raised,
    seen: [raised.id],
    isActive: true,
    isAcknowledged: false,
    isLatched: false,
    activeSince: raised.ts,
    raises: 1,
    isChattering: false,
    isNotified: false,
  };
}

export function entryOf(raised: AlarmTransition, id: number): JournalEntry {
  return { id, at: raised.ts, kind: "raised", key: stateKey("", raised), alarm: raised };
}

/** An agent whose figures a test sets. */
export class FakeView implements AgentView {
  readonly rows: ValueRow[] = [];
  readonly activeAlarms: AlarmTransition[] = [];
  states: readonly AlarmState[] = [];
  found: string[] = [];
  readonly values;
  readonly alarms;
  readonly detectors = { rows: (): DetectorRow[] => this.detectorRows };
  detectorRows: DetectorRow[] = [];
  figures: AgentStatus = {
    program: "agent",
    gateway: "hall-3",
    epoch: "e1",
    uptimeMs: 61_000,
    sources: [
      { name: "mqtt", kind: "mqtt-broker", state: "running", counters: { messages: 12 } },
      {
        name: "plc-1",
        kind: "modbus-tcp",
        state: "degraded",
        detail: "192.168.10.20:502 does not answer",
        counters: { polls: 5, poll_timeouts: 2 },
      },
    ],
    buffer: { segments: 3, diskBytes: 1_048_576, lastSync: { durationMs: 1.25 }, path: "data" },
    intake: { notJudged: 3 },
    uplink: { connected: true, sentChunks: 7 },
    readings: { bySource: { mqtt: 120, "plc-1": 50 } },
    alarms: {
      active: 1,
      raised: 4,
      unacknowledged: 2,
      shelved: 3,
      suppressed: 0,
      waitingNotices: 0,
      store: { state: "ok", failures: 5, waiting: 0 },
    },
    cpuMs: 1500,
    rssBytes: 80_000_000,
  };

  constructor() {
    const { rows, activeAlarms } = this;
    this.values = {
      get size(): number {
        return rows.length;
      },
      at: (index: number): ValueRow | undefined => rows[index],
    };
    this.alarms = {
      states: () => this.states,
      maintenance: () => [],
      recent: (limit: number): JournalEntry[] =>
        activeAlarms
          .map((raised, place) => entryOf(raised, place + 1))
          .slice(-limit)
          .toReversed(),
    };
  }

  raise(...alarms: AlarmTransition[]): void {
    this.activeAlarms.push(...alarms);
    this.states = this.activeAlarms.map(stateOf);
  }

  status(): AgentStatus {
    return this.figures;
  }

  problems(): readonly string[] {
    return this.found;
  }

  add(device: string, tag: string, value: ValueRow["value"] = 1): void {
    this.rows.push({ device, tag, ts: 1000, value, quality: "good" });
  }
}
