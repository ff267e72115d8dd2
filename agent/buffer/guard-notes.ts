/**
 * A small file beside the database, which says what LevelDB cannot: that a database was made here,
 * whether it was closed in order, and what a start that was interrupted had begun.
 */
import { open, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemCodeOf } from "#core/errors.ts";

const FILE = "penstock-buffer.json";

export interface GuardNotes {
  format: 1;
  /** Set while the database is open: found at a start, it was not closed in order. */
  inUse: boolean;
  /** The newest state may be lost: its sequence numbers must not be used a second time. */
  epochInDoubt: boolean;
  /** Name of the quarantine from which the database is being made anew. */
  salvaging?: string;
}

/** Undefined where no database was made. */
export async function readNotes(folder: string): Promise<GuardNotes | undefined> {
  try {
    const noted: Partial<GuardNotes> = JSON.parse(await readFile(join(folder, FILE), "utf8"));
    return { inUse: false, epochInDoubt: false, ...noted, format: 1 };
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    // Damaged itself: all that it could say is to be feared.
    if (error instanceof SyntaxError) return { format: 1, inUse: true, epochInDoubt: true };
    throw error;
  }
}

/** After it resolves, a power cut leaves the new notes. */
export async function writeNotes(folder: string, notes: GuardNotes): Promise<void> {
  const file = join(folder, FILE);
  await writeFile(`${file}.new`, `${JSON.stringify(notes)}\n`, { flush: true });
  await rename(`${file}.new`, file);
  await syncFolder(folder);
}

export async function syncFolder(folder: string): Promise<void> {
  const directory = await open(folder, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
