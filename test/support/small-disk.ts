/** A small file system of a test's own, which can be filled up and emptied again. */
import { onTestFinished } from "vitest";
import { MOUNT_PROBE, type MountedDisk, mountDisk } from "./mounted-disk.ts";
import type { Peer } from "./peer.ts";
import { tempFolder } from "./temp-folder.ts";

/** Needs root and a kernel that lets it mount. */
export const tmpfs: Peer = { probe: MOUNT_PROBE, debianPackage: "mount (and run as root)" };

export async function smallDisk(mebibytes: number): Promise<MountedDisk> {
  const disk = mountDisk(await tempFolder(), mebibytes);
  onTestFinished(() => disk.unmount());
  return disk;
}
