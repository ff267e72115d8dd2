import type { AgentStatus, AgentView, DetectorRow, ValueRow } from "#agent/http/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";

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

/** An agent whose figures a test sets. */
export class FakeView implements AgentView {
  readonly rows: ValueRow[] = [];
  readonly activeAlarms: AlarmTransition[] = [];
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
    alarms: { active: 1, raised: 4 },
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
      active: () => activeAlarms,
      journal: () => activeAlarms.toReversed(),
    };
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
