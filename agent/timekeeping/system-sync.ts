/**
 * Whether this system's clock is right, as far as the system can say. systemd-timesyncd leaves a
 * file; `timedatectl` knows of chrony and others, because it asks the kernel. Where nobody is set up
 * to set the clock, nobody will: it then counts as right, unless it shows a time before this program
 * was written.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import type { Clock } from "#core/clock.ts";

const SYNCED_FILE = "/run/systemd/timesync/synchronized";
const TIMEDATECTL_MS_MAX = 2000;
/** 2025-01-01. */
const PROGRAM_WRITTEN_MS = 1_735_689_600_000;

const run = promisify(execFile);

export async function isSystemClockSynced(clock: Clock): Promise<boolean> {
  if (clock.now() < PROGRAM_WRITTEN_MS) return false;
  if (existsSync(SYNCED_FILE)) return true;
  return readTimedatectl(await askTimedatectl());
}

/** @param shown what `timedatectl show` says; "" where there is none */
export function readTimedatectl(shown: string): boolean {
  const lines = shown.split("\n");
  return lines.includes("NTPSynchronized=yes") || !lines.includes("NTP=yes");
}

async function askTimedatectl(): Promise<string> {
  try {
    const { stdout } = await run("timedatectl", ["show"], { timeout: TIMEDATECTL_MS_MAX });
    return stdout;
  } catch {
    // No systemd here, or none that answers: then it has nothing to say about the clock.
    return "";
  }
}
