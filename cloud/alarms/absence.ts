/**
 * Who is absent, of those that one rule watches in one gateway. Pure; times are milliseconds since 1970.
 *
 * Only who was heard once can be missed, so a subject is known from its first sign of life on, and
 * from whatever the alarms remember of it.
 */
export interface Absentee {
  subject: string;
  heardAtMs: number;
  change: "active" | "cleared";
}

/** Beyond it, further subjects are not missed: hostile names must cost no memory. */
const SUBJECTS_MAX = 200_000;

interface Attendance {
  heardAtMs: number | undefined;
  isAbsent: boolean;
}

export class AttendanceList {
  readonly #absentMs: number;
  readonly #subjects = new Map<string, Attendance>();

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
    for (const [subject, attendance] of this.#subjects) {
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
