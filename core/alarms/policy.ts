/** How alarms are held back, brought together, and kept: the choices that a plant makes. */
export interface AlarmPolicy {
  /** Rules, as globs, whose alarms stay on the list until they are reset. */
  readonly latch: readonly string[];
  readonly shelveMaxMs: number;
  readonly chatter: ChatterPolicy;
  readonly flood: FloodPolicy;
  readonly group: GroupPolicy;
}

/** So many raises within the window are chatter, until there was none for `calmMs`. */
export interface ChatterPolicy {
  /** At most 20: the state remembers no more. */
  readonly raises: number;
  readonly windowMs: number;
  readonly calmMs: number;
}

/** More notices than this within the window are a flood: no person can follow. */
export interface FloodPolicy {
  readonly notices: number;
  /** Of high ones, and of critical ones, each: what is urgent is told alone for longer. */
  readonly urgent: number;
  readonly windowMs: number;
}

export interface GroupPolicy {
  /** Rules, as globs, whose alarms wait for others like them. Critical ones never wait. */
  readonly rules: readonly string[];
  readonly waitMs: number;
  /** How long an alarm waits whose cause has ended: it mostly ends with its cause. */
  readonly settleMs: number;
}

const MINUTE_MS = 60_000;

// ISA-18.2 calls more than 10 alarms in 10 minutes a flood, per operator.
export const ALARM_POLICY: AlarmPolicy = {
  latch: [],
  shelveMaxMs: 12 * 60 * MINUTE_MS,
  chatter: { raises: 4, windowMs: 10 * MINUTE_MS, calmMs: 10 * MINUTE_MS },
  flood: { notices: 10, urgent: 50, windowMs: 10 * MINUTE_MS },
  group: {
    rules: ["silent", "stale", "gap", "stuck", "anomaly", "drift", "group"],
    waitMs: 2000,
    settleMs: 30_000,
  },
};
