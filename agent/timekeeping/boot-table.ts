/**
 * What is known of the boots in which readings were stored before the clock was right: one offset
 * each, kept on disk, which turns a time on the boot's scale into wall time. Once decided it never
 * changes, so that a chunk that is sent twice is the same to the byte.
 */
import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { BOOT_NUMBER_MAX, decodeBootTime } from "#core/boot-time.ts";
import { messageOf, PenstockError, systemCodeOf } from "#core/errors.ts";
import { makeFolder } from "#core/folder.ts";

const bootEntry = z.object({
  number: z.int().min(1).max(BOOT_NUMBER_MAX),
  /** The kernel's name for the boot. */
  bootId: z.string(),
  /** Wall time at the boot's beginning; while waiting, the wrong clock's. */
  offsetMs: z.number(),
  state: z.enum(["waiting", "synced", "unsynced"]),
});

export type BootEntry = z.infer<typeof bootEntry>;

const bootFile = z.object({ version: z.literal(1), boots: z.array(bootEntry) });

/** A buffer that holds readings of more boots without a clock than this forgets the first's. */
const BOOTS_MAX = 64;

export class BootTable {
  readonly #path: string;
  #boots: BootEntry[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  /** True while no boot has ever had to wait: then no stored time needs a look. */
  get isEmpty(): boolean {
    return this.#boots.length === 0;
  }

  /** A file that cannot be read is the system's error; one that is damaged counts as none. */
  async load(): Promise<void> {
    const text = await readIfThere(this.#path);
    const parsed = bootFile.safeParse(parseOrUndefined(text));
    this.#boots = parsed.success ? parsed.data.boots : [];
  }

  find(bootId: string): BootEntry | undefined {
    return this.#boots.find((entry) => entry.bootId === bootId);
  }

  /**
   * The entry of the boot that runs, made when needed. Boots before it that never had a right clock
   * can get none any more: what their wrong clock said has to do.
   * @throws PenstockError BUFFER_FAILED
   */
  async begin(bootId: string, offsetMs: number): Promise<BootEntry> {
    for (const entry of this.#boots) {
      if (entry.bootId !== bootId && entry.state === "waiting") entry.state = "unsynced";
    }
    const known = this.find(bootId);
    if (!known) {
      const number = ((this.#boots.at(-1)?.number ?? 0) % BOOT_NUMBER_MAX) + 1;
      this.#boots.push({ number, bootId, offsetMs, state: "waiting" });
      this.#boots = this.#boots.slice(-BOOTS_MAX);
    }
    await this.#save();
    return known ?? this.#boots.at(-1) ?? { number: 1, bootId, offsetMs, state: "waiting" };
  }

  /**
   * On disk when this resolves: only then may a time be told by it.
   * @throws PenstockError BUFFER_FAILED
   */
  async decide(
    entry: BootEntry,
    offsetMs: number,
    state: Exclude<BootEntry["state"], "waiting">,
  ): Promise<void> {
    entry.offsetMs = offsetMs;
    entry.state = state;
    await this.#save();
  }

  /** Wall time, and whether a right clock says so; times of forgotten boots count from 1970. */
  resolve(bootTs: number): { ts: number; isSynced: boolean } {
    const { boot, sinceBootMs } = decodeBootTime(bootTs);
    const entry = this.#boots.find(({ number }) => number === boot);
    const ts = Math.max(0, Math.round((entry?.offsetMs ?? 0) + sinceBootMs));
    return { ts, isSynced: entry?.state === "synced" };
  }

  async #save(): Promise<void> {
    try {
      await this.#write();
    } catch (cause) {
      const message = `the offsets of the clock cannot be written: ${messageOf(cause)}`;
      throw new PenstockError("BUFFER_FAILED", message, { cause, context: { path: this.#path } });
    }
  }

  /** Atomically, and synced with its folder: a power cut leaves the old table, or the new one. */
  async #write(): Promise<void> {
    const folder = dirname(this.#path);
    makeFolder(folder);
    const draft = `${this.#path}.new`;
    const file = await open(draft, "w");
    try {
      await file.writeFile(JSON.stringify({ version: 1, boots: this.#boots }));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.#path);
    const handle = await open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return "";
    throw error;
  }
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
