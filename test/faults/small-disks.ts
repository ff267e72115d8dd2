/** A disk for each program's data, large enough for a storm. */
import { cp, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type MountedDisk, mountDisk } from "#test/support/mounted-disk.ts";
import { type ProgramName, programNames } from "./fault-kind.ts";

const MEBIBYTES: Readonly<Record<ProgramName, number>> = { agent: 512, hub: 1024, sink: 4096 };

export class SmallDisks {
  readonly #folder: string;
  readonly #disks = new Map<ProgramName, MountedDisk>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async mount(): Promise<void> {
    for (const name of programNames) {
      const folder = join(this.#folder, name);
      await mkdir(folder, { recursive: true });
      this.#disks.set(name, mountDisk(folder, MEBIBYTES[name]));
    }
  }

  of(name: ProgramName): MountedDisk {
    const disk = this.#disks.get(name);
    if (!disk) throw new Error(`${name} has no disk of its own`);
    return disk;
  }

  /** What lies on the disks stays in the folders: a failed run is looked into. */
  async unmount(): Promise<void> {
    for (const [name, disk] of this.#disks) {
      disk.free();
      const kept = `${disk.folder}.kept`;
      await cp(disk.folder, kept, { recursive: true, filter: isFile });
      disk.unmount();
      await rm(disk.folder, { recursive: true, force: true });
      await rename(kept, disk.folder);
      this.#disks.delete(name);
    }
  }

  /** For the very last moment. */
  abandon(): void {
    for (const disk of this.#disks.values()) disk.unmount();
  }
}

/** Sockets cannot be copied. */
function isFile(path: string): boolean {
  return !path.endsWith(".sock");
}
