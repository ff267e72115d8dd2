/**
 * The file beside the buffer that holds what the detectors know. It is written under another name,
 * synced, and put in the old one's place, so that a crash leaves the old or the new one. Writing goes
 * in pieces, between which the agent goes on with its work.
 */
import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { LearntSeries } from "#agent/intake/contract.ts";
import { systemCodeOf } from "#core/errors.ts";
import { decodeLearnt, LearntEncoder } from "./learnt-codec.ts";

/** Some 40 kB: a fraction of a millisecond of copying. */
const SERIES_PER_PIECE = 100;

export class LearntFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Empty where there is no file yet.
   * @throws PenstockError LEARNT_DAMAGED; the system's error where the file cannot be read
   */
  async read(): Promise<LearntSeries[]> {
    try {
      return decodeLearnt(await readFile(this.#path));
    } catch (error) {
      if (systemCodeOf(error) === "ENOENT") return [];
      throw error;
    }
  }

  /** Moves a damaged file out of the way; gives its new name. */
  async setAside(): Promise<string> {
    const aside = `${this.#path}.damaged`;
    await rename(this.#path, aside);
    return aside;
  }

  /** @throws the system's error; the file is then as it was */
  async write(learnt: readonly LearntSeries[]): Promise<void> {
    const draft = `${this.#path}.new`;
    const file = await open(draft, "w", 0o600);
    try {
      const encoder = new LearntEncoder();
      await file.writeFile(encoder.head());
      for (let at = 0; at < learnt.length; at += SERIES_PER_PIECE) {
        await file.writeFile(encoder.series(learnt.slice(at, at + SERIES_PER_PIECE)));
      }
      await file.writeFile(encoder.end());
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.#path);
    const folder = await open(dirname(this.#path), "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}
