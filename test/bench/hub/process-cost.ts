/** CPU time and memory of another process, from /proc. */
import { readFileSync } from "node:fs";

/** Linux counts in hundredths of a second on every architecture that Node runs on. */
const TICKS_A_SECOND = 100;

export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  // utime and stime: fields 14 and 15 of proc(5), counted here from the state on.
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

export function residentMegabytes(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1] ?? 0) / 1024;
}
