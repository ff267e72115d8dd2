/**
 * Who holds a serial port. It is asked before every opening, since `serialport` changes the port's
 * settings first and tries its lock afterwards: a retry every few seconds would disturb the program
 * that has the port.
 */
import { readFileSync, statSync } from "node:fs";

export interface PortOwner {
  pid: number;
  /** The process's name; empty when it cannot be read. */
  program: string;
}

/**
 * The process that holds a lock on the port; undefined when nobody does, or nothing can be learned.
 * @param port its path; links are followed
 */
export function ownerOf(port: string): PortOwner | undefined {
  try {
    const { ino, dev } = statSync(port);
    const pid = lockHolder(readFileSync("/proc/locks", "utf8"), deviceName(dev), ino);
    return pid === undefined ? undefined : { pid, program: programOf(pid) };
  } catch {
    // No such port, or no such list of locks: opening it tells the first, and has to do for the second.
    return undefined;
  }
}

/** The process in a line such as `1: FLOCK  ADVISORY  WRITE 1234 00:05:678 0 EOF` (proc(5)). */
export function lockHolder(locks: string, device: string, inode: number): number | undefined {
  const held = `${device}:${inode}`;
  for (const line of locks.split("\n")) {
    const fields = line.trim().split(/\s+/);
    const pid = Number(fields[4]);
    if (fields[1] === "FLOCK" && fields[5] === held && pid > 0) return pid;
  }
  return undefined;
}

/** `major:minor` in hexadecimal, as the kernel prints it, from Linux's encoding of a device number. */
function deviceName(dev: number): string {
  const major = (dev >>> 8) & 0xfff;
  const minor = (dev & 0xff) | ((dev >>> 12) & 0xfff00);
  return [major, minor].map((part) => part.toString(16).padStart(2, "0")).join(":");
}

/** By a runtime's name alone nobody knows what it runs: with the script, `python3 tools/poll.py`. */
const SCRIPT = /^[^-].*\.(?:[cm]?[jt]s|py|jar|pl|rb|sh)$/;

/** Other words of a command line may be secrets. */
export function programIn(commandLine: string): string {
  const [program = "", ...words] = commandLine.split("\0");
  const script = words.find((word) => SCRIPT.test(word));
  const shown = script?.split("/").slice(-2).join("/");
  return [program.split("/").at(-1), shown].filter(Boolean).join(" ");
}

function programOf(pid: number): string {
  try {
    return programIn(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  } catch {
    return "";
  }
}
