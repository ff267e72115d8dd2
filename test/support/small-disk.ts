/** A small file system of a test's own, which can be filled up and emptied again. */
import { spawnSync } from "node:child_process";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Peer } from "./peer.ts";
import { tempFolder } from "./temp-folder.ts";

/** Needs root and a kernel that lets it mount. */
export const tmpfs: Peer = {
  probe: ["sh", "-c", 'd=$(mktemp -d) && mount -t tmpfs tmpfs "$d" && umount "$d"; rmdir "$d"'],
  debianPackage: "mount (and run as root)",
};

export interface SmallDisk {
  folder: string;
  /** Takes all the space that is left. */
  fill(): void;
  free(): void;
}

export async function smallDisk(mebibytes: number): Promise<SmallDisk> {
  const folder = await tempFolder();
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", folder]);
  if (mounted.status !== 0) throw new Error(`mount: ${mounted.stderr.toString()}`);
  onTestFinished(() => {
    spawnSync("umount", ["-l", folder]);
  });
  const filler = join(folder, "filler");
  return { folder, fill: () => fillUp(filler), free: () => rmSync(filler) };
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
