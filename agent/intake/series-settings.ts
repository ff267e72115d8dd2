import type { TagConditions } from "#agent/conditioning/conditioner.ts";
import type { DetectSettings, WatchSettings } from "#agent/detect/monitor-plan.ts";

export interface TagProfile extends TagConditions, Omit<WatchSettings, "detect"> {
  readonly unit?: string | undefined;
}

/** What the configuration says of a device: the part of it that concerns its series. */
export interface DeviceProfile {
  readonly line?: string | undefined;
  readonly detect: DetectSettings;
  readonly tags: Readonly<Record<string, TagProfile>>;
}

/** A device that the configuration does not name. */
export const UNKNOWN_DEVICE: DeviceProfile = { detect: { auto: true }, tags: {} };

/** Names come from outside: `constructor` must not find what every object has. */
export function ownEntry<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
