import type { AlarmTransition } from "#core/alarm.ts";

/** A transition before it has its series and its identity: detectors know neither. */
export type Finding = Omit<AlarmTransition, "id" | "device" | "tag">;

/** What messages call the series. The unit may become known later than the series. */
export interface Subject {
  readonly device: string;
  readonly tag: string;
  readonly unit?: string | undefined;
}

/** Shared by all judgements that found nothing: the hot path makes no array. */
export const NO_FINDINGS: readonly Finding[] = Object.freeze([]);
