/** What the agent's HTTP side sees of the agent: figures and rows, made as they are asked for. */
import type { AlarmState, JournalEntry, Maintenance } from "#core/alarms/contract.ts";
import type { Quality, QualityReason, Value } from "#core/reading.ts";

export interface SourceView {
  readonly name: string;
  readonly kind: string;
  readonly state: string;
  readonly detail?: string;
  /** Cumulative, by stable names in snake_case. */
  readonly counters: Readonly<Record<string, number>>;
}

/** How the gateway's file stands against what runs. */
export interface ConfigurationState {
  readonly file: string;
  /** When what runs was loaded, in milliseconds since 1970. */
  readonly loadedAt: number;
  /** Of the file as it is now; where there are any, an older state of it runs. */
  readonly faults: readonly string[];
}

/** The answer of `/api/status`. */
export interface AgentStatus {
  readonly program: "agent";
  readonly gateway: string;
  readonly epoch: string;
  /** Whether the gateway knows the time. */
  readonly clock?: object;
  readonly uptimeMs: number;
  readonly sources: readonly SourceView[];
  /** Figures and plain facts, nested or not; the numbers become metrics. So below. */
  readonly buffer: object;
  readonly intake?: object;
  /** How many series are learning, watching, standing. */
  readonly detectors?: Readonly<Record<string, number>>;
  /** The gateway's own page, which commands can do without. */
  readonly page?: { readonly state: "running" | "stopped"; readonly detail?: string };
  readonly uplink: object;
  readonly readings: { readonly bySource: Readonly<Record<string, number>> };
  readonly alarms: {
    readonly active: number;
    /** How often one became active, since the start. */
    readonly raised: number;
    readonly unacknowledged: number;
    readonly shelved: number;
    readonly suppressed: number;
    /** On their way to recipients. */
    readonly waitingNotices: number;
    /** Where they are kept. */
    readonly store: {
      readonly state: string;
      readonly failures: number;
      readonly waiting: number;
    };
  };
  readonly configuration?: ConfigurationState;
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** The newest reading of a series. */
export interface ValueRow {
  readonly device: string;
  readonly tag: string;
  readonly unit?: string;
  readonly line?: string;
  /** Milliseconds since 1970; null before the first reading. */
  readonly ts: number | null;
  readonly value: Value;
  readonly quality: Quality;
  readonly reason?: QualityReason;
}

/** All series. They are only added: a place, once given, stays that of its series. */
export interface ValuesView {
  readonly size: number;
  at(index: number): ValueRow | undefined;
}

export interface AlarmsView {
  /** All that are not normal, the most urgent first; the same list as long as nothing changes. */
  states(): readonly AlarmState[];
  maintenance(): readonly Maintenance[];
  /** The newest entries of the journal, newest first. */
  recent(limit: number): readonly JournalEntry[];
}

/** What the learning detectors of a series are doing. */
export interface DetectorRow {
  readonly device: string;
  readonly tag: string;
  readonly state: "off" | "learning" | "watching" | "standing" | "maintained";
  /** Values learnt from, of those that are needed, while it is learning. */
  readonly seen?: number;
  readonly of?: number;
  /** How long after a reading it is silent for too long; left out while that is not known. */
  readonly staleAfterMs?: number;
}

export interface DetectorsView {
  /** Of a device and tag, or of all series that have given a number. */
  rows(device?: string, tag?: string): readonly DetectorRow[];
}

export interface AgentView {
  readonly values: ValuesView;
  readonly alarms: AlarmsView;
  readonly detectors: DetectorsView;
  status(): AgentStatus;
  /** What keeps the agent from its work, a sentence each; empty when it is healthy. */
  problems(): readonly string[];
}
