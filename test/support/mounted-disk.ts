/** A file system in memory, mounted on a folder: it can be filled up, and emptied again. Needs root. */
import { spawnSync } from "node:child_process";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

export interface MountedDisk {
  folder: string;
  /** Takes all the space that is left. */
  fill(): void;
  free(): void;
  unmount(): void;
}

/** Tells whether this machine lets us mount. */
export const MOUNT_PROBE = [
  "sh",
  "-c",
  'd=$(mktemp -d) && mount -t tmpfs tmpfs "$d" && umount "$d"; rmdir "$d"',
] as const;

/** The folder must be there. */
export function mountDisk(folder: string, mebibytes: number): MountedDisk {
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", folder]);
  if (mounted.status !== 0) throw new Error(`mount: ${mounted.stderr.toString()}`);
  const filler = join(folder, "filler");
  return {
    folder,
    fill: () => fillUp(filler),
    free: () => rmSync(filler, { force: true }),
    unmount: () => {
      spawnSync("umount", ["-l", folder]);
    },
  };
}

function fillUp(file: string): void {
  const descriptor = openSync(file, "w");
  try {
    for (let bytes = 65_536; bytes >= 1; bytes = bytes >> 1) writeUntilFull(descriptor, bytes);
  } finally {
    closeSync(descriptor);
  }
}

function writeUntilFull(descriptor: number, bytes: number): void {
  const block = Buffer.alloc(bytes);
  for (;;) {
    try {
      writeSync(descriptor, block);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOSPC") return;
      throw error;
    }
  }
}
