/** A file system in memory, mounted on a folder: it can be filled up, and emptied again. Needs root. */
import { spawnSync } from "node:child_process";
import { statfsSync } from "node:fs";

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

const FILL_TRIES = 100;

/** The folder must be there. */
export function mountDisk(folder: string, mebibytes: number): MountedDisk {
  mount("-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", folder);
  return {
    folder,
    fill: () => shrinkToContent(folder),
    free: () => mount("-o", `remount,size=${mebibytes}m`, folder),
    unmount: () => {
      spawnSync("umount", ["-l", folder]);
    },
  };
}

/** Its size becomes what is used: no memory is filled for it, and a large disk is full at once. */
function shrinkToContent(folder: string): void {
  for (let tries = 1; ; tries++) {
    const { blocks, bfree, bsize } = statfsSync(folder);
    try {
      mount("-o", `remount,size=${(blocks - bfree) * bsize}`, folder);
      return;
    } catch (error) {
      // Somebody wrote in between.
      if (tries === FILL_TRIES) throw error;
    }
  }
}

function mount(...args: string[]): void {
  const { status, stderr } = spawnSync("mount", args);
  if (status !== 0) throw new Error(`mount: ${stderr.toString()}`);
}
