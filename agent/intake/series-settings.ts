import type { TagConditions } from "#agent/conditioning/conditioner.ts";
import type { Limits } from "#agent/detect/limits.ts";
import type { DetectSettings } from "#agent/detect/monitor-factory.ts";

export interface TagProfile extends TagConditions {
  readonly unit?: string | undefined;
  readonly limits?: Limits | undefined;
}

/** What the configuration says of a device: the part of it that concerns its series. */
export interface DeviceProfile {
  readonly line?: string | undefined;
  readonly detect: DetectSettings;
  readonly tags: Readonly<Record<string, TagProfile>>;
}

/** A device that the configuration does not name. */
export const UNKNOWN_DEVICE: DeviceProfile = { detect: { auto: true }, tags: {} };
