/**
 * The wall clock that the agent sees: the system's, plus an offset that can step while it runs.
 * libfaketime reads it from a file at each call. Monotonic time, and so every timer, goes on.
 */
import { renameSync, writeFileSync } from "node:fs";
import { arch } from "node:process";

const TRIPLET = arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";

export const FAKETIME_LIBRARY = `/usr/lib/${TRIPLET}/faketime/libfaketimeMT.so.1`;

export class GatewayClock {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** Renamed into place: the agent may be reading at this moment. */
  setOffset(seconds: number): void {
    const next = `${this.#file}.next`;
    writeFileSync(next, `${seconds < 0 ? "-" : "+"}${Math.abs(seconds)}\n`);
    renameSync(next, this.#file);
  }

  /** For `env`: what makes a program see this clock. */
  get environment(): readonly string[] {
    return [
      `LD_PRELOAD=${FAKETIME_LIBRARY}`,
      `FAKETIME_TIMESTAMP_FILE=${this.#file}`,
      "FAKETIME_NO_CACHE=1",
      "FAKETIME_DONT_FAKE_MONOTONIC=1",
    ];
  }
}
