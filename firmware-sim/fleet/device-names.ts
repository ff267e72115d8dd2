import { type DeviceKind, deviceKinds } from "../signals/device-model.ts";

/** The kind of a publishing device, counted from 0: all kinds take turns. */
export function publisherKind(index: number): DeviceKind {
  return deviceKinds[index % deviceKinds.length] ?? "motor";
}

/** The name of a publishing device, counted from 0, such as `motor-0001`. */
export function publisherName(index: number): string {
  return `${publisherKind(index)}-${String(index + 1).padStart(4, "0")}`;
}
