/**
 * Who is absent, of those that one rule watches in one gateway. Pure; times are milliseconds since 1970.
 *
 * Only who was heard once can be missed, so a subject is known from its first sign of life on, and
 * from whatever the alarms remember of it. Where time itself leaps by more than anybody may be silent,
 * nobody could be heard meanwhile: after an outage all have as long as ever to come again.
 */
export interface Absentee {
  subject: string;
  heardAtMs: number;
  change: "active" | "cleared";
}

/** Beyond it, further subjects are not missed: hostile names must cost no memory. */
const SUBJECTS_MAX = 200_000;

/** Some are judged by whole minutes: so much later than it might have been is no leap yet. */
const STEP_MS = 60_000;

interface Attendance {
  heardAtMs: number | undefined;
  isAbsent: boolean;
}

export class AttendanceList {
  readonly #absentMs: number;
  readonly #subjects = new Map<string, Attendance>();
  #judgedAtMs: number | undefined;

  constructor(absentMs: number) {
    this.#absentMs = absentMs;
  }

  /** Of one whose alarm is active already. */
  remember(subject: string): void {
    this.#subjects.set(subject, { heardAtMs: undefined, isAbsent: true });
  }

  hear(subject: string, atMs: number): void {
    const known = this.#subjects.get(subject);
    if (known) known.heardAtMs = Math.max(known.heardAtMs ?? atMs, atMs);
    else if (this.#subjects.size < SUBJECTS_MAX) {
      this.#subjects.set(subject, { heardAtMs: atMs, isAbsent: false });
    }
  }

  /** What has changed for those who were, or were not, heard by then. */
  judge(nowMs: number): Absentee[] {
    const changed: Absentee[] = [];
    const isLeap = nowMs - (this.#judgedAtMs ?? nowMs) > this.#absentMs + STEP_MS;
    this.#judgedAtMs = Math.max(nowMs, this.#judgedAtMs ?? nowMs);
    for (const [subject, attendance] of this.#subjects) {
      if (isLeap && !attendance.isAbsent) attendance.heardAtMs = nowMs;
      const { heardAtMs, isAbsent } = attendance;
      if (heardAtMs === undefined) continue;
      const isMissed = nowMs - heardAtMs >= this.#absentMs;
      if (isMissed === isAbsent) continue;
      attendance.isAbsent = isMissed;
      changed.push({ subject, heardAtMs, change: isMissed ? "active" : "cleared" });
    }
    return changed;
  }
}
