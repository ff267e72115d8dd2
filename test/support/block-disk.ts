/**
 * A real file system on a block device of a test's own, which can be made to fail under whoever has
 * files open on it. The device's blocks lie in a file on a small file system in memory.
 */
import { spawnSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { mountDisk } from "./mounted-disk.ts";
import type { Peer } from "./peer.ts";
import { tempFolder } from "./temp-folder.ts";
import { until } from "./until.ts";

export interface BlockDisk {
  folder: string;
  /** The kernel finds the file system faulty, and lets nobody write to it any more. */
  turnReadOnly(): void;
  /** The device takes no block that it does not have yet: writes end in I/O errors. */
  loseBlocks(): void;
  /** As after a new start of the machine with a sound device; waits until nobody has files open. */
  mend(): Promise<void>;
}

const TRY =
  'd=$(mktemp -d) && truncate -s 8M "$d/image" && mkfs.ext4 -q "$d/image" && mkdir "$d/disk" && ' +
  'mount -o loop "$d/image" "$d/disk" && umount "$d/disk"; fate=$?; rm -r "$d"; exit $fate';

/** Needs root, and a kernel that lets it mount an image. */
export const ext4: Peer = {
  probe: ["sh", "-c", TRY],
  debianPackage: "e2fsprogs (and run as root)",
};

export async function blockDisk(mebibytes: number): Promise<BlockDisk> {
  const memory = mountDisk(await tempFolder(), 2 * mebibytes);
  const image = join(memory.folder, "image");
  const folder = join(await tempFolder(), "disk");
  onTestFinished(() => {
    spawnSync("umount", ["-l", folder]);
    memory.unmount();
  });
  await mkdir(folder);
  command("truncate", "-s", `${mebibytes}M`, image);
  command("mkfs.ext4", "-q", image);
  command("mount", "-o", "loop", image, folder);
  return {
    folder,
    turnReadOnly: () => command("mount", "-o", "remount,abort", folder),
    loseBlocks: () => memory.fill(),
    mend: async () => {
      memory.free();
      await until(() => spawnSync("umount", [folder]).status === 0);
      command("mount", "-o", "loop", image, folder);
    },
  };
}

function command(program: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(program, args);
  if (status !== 0) throw new Error(`${program}: ${String(stderr)}`);
}
