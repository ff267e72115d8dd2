/**
 * CPU and memory of a program over all its lives, from /proc (proc(5)). The CPU of a life counts up
 * to its last sample: take one just before killing it.
 */
import { readFileSync } from "node:fs";

/** USER_HZ, in which /proc counts, is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
/** Fields of /proc/PID/stat after the name in parentheses, which may hold spaces itself. */
const UTIME = 11;
const STIME = 12;

export interface ProcessSample {
  cpuSeconds: number;
  /** The most memory this life ever had resident. */
  peakBytes: number;
  /** Resident, without pages of files: a database's mapped tables are no use of memory. */
  anonymousBytes: number;
}

/** Undefined where the process is gone. */
export function sampleProcess(pid: number): ProcessSample | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(fields[UTIME]) + Number(fields[STIME]);
    const kib = (pattern: RegExp): number => Number(pattern.exec(status)?.[1] ?? 0);
    return {
      cpuSeconds: ticks / TICKS_PER_SECOND,
      peakBytes: kib(/^VmHWM:\s+(\d+)/m) * 1024,
      anonymousBytes: kib(/^RssAnon:\s+(\d+)/m) * 1024,
    };
  } catch {
    return undefined;
  }
}

/** CPU that the whole machine has used since it started, in seconds; 0 where nobody tells. */
export function machineCpuSeconds(): number {
  try {
    // user, nice, system, idle, iowait, irq, softirq, steal: all but the two idle ones.
    const line = /^cpu +(.*)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1] ?? "";
    const ticks = line.split(" ").map(Number);
    const busy = [0, 1, 2, 5, 6].reduce((sum, field) => sum + (ticks[field] ?? 0), 0);
    return busy / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}

export class UsageMeter {
  readonly #sample: typeof sampleProcess;
  #pid: number | undefined;
  #lifeSeconds = 0;
  #earlierSeconds = 0;
  #markSeconds = 0;
  #peakBytes = 0;
  #anonymousBytes = 0;

  constructor(sample: typeof sampleProcess = sampleProcess) {
    this.#sample = sample;
  }

  take(pid: number | undefined): void {
    const sample = pid === undefined ? undefined : this.#sample(pid);
    if (!sample) return;
    if (pid !== this.#pid) {
      this.#earlierSeconds += this.#lifeSeconds;
      this.#pid = pid;
    }
    this.#lifeSeconds = sample.cpuSeconds;
    this.#peakBytes = Math.max(this.#peakBytes, sample.peakBytes);
    this.#anonymousBytes = sample.anonymousBytes;
  }

  /** What was used so far does not count. */
  mark(): void {
    this.#markSeconds = this.#earlierSeconds + this.#lifeSeconds;
  }

  /** CPU since the mark. */
  get cpuSeconds(): number {
    return this.#earlierSeconds + this.#lifeSeconds - this.#markSeconds;
  }

  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** At the last sample. */
  get anonymousBytes(): number {
    return this.#anonymousBytes;
  }
}
