import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** Where there is no machine id (a container, another system), the host's name stands for it. */
export function machineId(): string {
  try {
    return readFileSync("/etc/machine-id", "utf8").trim() || hostname();
  } catch {
    return hostname();
  }
}
