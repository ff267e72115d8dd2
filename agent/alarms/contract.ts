/** What the gateway's alarms promise to the intake, and what they are asked for by others. */
import type { AlarmTransition } from "#core/alarm.ts";
import type {
  AlarmOperation,
  AlarmState,
  JournalEntry,
  Maintenance,
} from "#core/alarms/contract.ts";
import type { AlarmPlace } from "#core/alarms/state-key.ts";

export interface Taken {
  /**
   * All, in their order, as they count: of one alarm each is later than the one before, though the
   * clock was set back meanwhile. Whoever goes by times, as the sink does, goes right.
   */
  readonly taken: readonly AlarmTransition[];
  /** Those of them that changed something: worth announcing. */
  readonly news: readonly AlarmTransition[];
  /** Resolves when a restart would know of them, or when the disk fails; never rejects. */
  readonly kept: Promise<unknown>;
}

/** Takes in what the detectors find. */
export interface LocalAlarms {
  /** Also from before a restart: detectors that begin anew go on from there. */
  isActive(place: AlarmPlace): boolean;
  /** The transitions that made the active ones active. */
  active(): readonly AlarmTransition[];
  take(transitions: readonly AlarmTransition[]): Taken;
}

/** Alarms of which to act on: by what a person typed. */
export interface AlarmAction {
  readonly kind: Extract<AlarmOperation, { keys: readonly string[] }>["kind"];
  readonly select: readonly string[];
  readonly by: string;
  readonly note: string;
  /** Of shelving. */
  readonly forMs?: number | undefined;
}

export interface MaintenanceAction {
  readonly devices: readonly string[];
  readonly forMs: number;
  readonly by: string;
  readonly note: string;
}

export interface AlarmCounts {
  readonly active: number;
  readonly unacknowledged: number;
  readonly shelved: number;
  readonly suppressed: number;
  /** How often an alarm became active, since the start. */
  readonly raised: number;
}

/** What people see of the alarms, and do to them. What they do is on disk when it resolves, unless that fails. */
export interface AlarmsDesk {
  /** The transitions that made the active ones active. */
  active(): readonly AlarmTransition[];
  /** The most urgent first. */
  states(): readonly AlarmState[];
  maintenance(): readonly Maintenance[];
  /** The newest entries, newest first: the last 1,000 at most. */
  recent(limit: number): readonly JournalEntry[];
  /** @throws PenstockError ALARMS_FAILED */
  journal(query: {
    before?: number | undefined;
    limit: number;
    key?: string | undefined;
  }): Promise<readonly JournalEntry[]>;
  /**
   * Resolves to the alarms as they stand then.
   * @throws PenstockError ALARM_UNKNOWN, ALARM_REFUSED
   */
  act(action: AlarmAction): Promise<readonly AlarmState[]>;
  /** @throws PenstockError ALARM_REFUSED */
  beginMaintenance(action: MaintenanceAction): Promise<Maintenance>;
  /** @throws PenstockError ALARM_UNKNOWN */
  endMaintenance(id: string, by: string, note: string): Promise<void>;
  counts(): AlarmCounts;
}
