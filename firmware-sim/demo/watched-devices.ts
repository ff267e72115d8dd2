/**
 * Limits for some of the devices that publish, as a technician would set them: planted faults cross
 * them, ordinary days do not. The others are watched by the anomaly detector alone, which learns
 * for two minutes at 1 Hz first.
 */
import { createRandom } from "#core/random.ts";
import { createModel } from "../signals/create-model.ts";
import { type DeviceKind, deviceKinds, type TagSpec } from "../signals/device-model.ts";

/** A thousand would make the file long to read, for people and for the agent's start. */
const WATCHED_MAX = 100;

interface WatchedTag {
  unit?: string;
  limits: { h: number; l: number; deadband: number };
}

export interface WatchedDevice {
  line: string;
  tags: Record<string, WatchedTag>;
}

/** The name of a publishing device of the fleet, counted from 0. */
export function publisherName(index: number): string {
  return `${kindOf(index)}-${String(index + 1).padStart(4, "0")}`;
}

/** The first of so many publishing devices, by name. */
export function watchedDevices(devices: number): Record<string, WatchedDevice> {
  const watched: Record<string, WatchedDevice> = {};
  for (let index = 0; index < Math.min(devices, WATCHED_MAX); index++) {
    const kind = kindOf(index);
    watched[publisherName(index)] = { line: kind, tags: watchedTags(kind) };
  }
  return watched;
}

function kindOf(index: number): DeviceKind {
  return deviceKinds[index % deviceKinds.length] ?? "motor";
}

function watchedTags(kind: DeviceKind): Record<string, WatchedTag> {
  // The seed does not matter: all devices of a kind have the same tags.
  const gauges = createModel(kind, createRandom(0)).tags.filter((tag) => tag.kind === "gauge");
  return Object.fromEntries(gauges.map((tag) => [tag.name, watchedTag(tag)]));
}

function watchedTag({ unit, low, high, digits }: TagSpec): WatchedTag {
  const span = high - low;
  const rounded = (value: number): number => Number(value.toFixed(digits));
  return {
    ...(unit === "" ? {} : { unit }),
    limits: {
      h: rounded(high + 0.1 * span),
      l: rounded(low - 0.1 * span),
      deadband: rounded(0.05 * span),
    },
  };
}
