/** The machine under an agent: its clock, its disk, and what this user may do. */
import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { GatewaySettings } from "#config/gateway.ts";
import type { Clock } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import { sizeText } from "../size-text.ts";
import { type Finding, failed, ok, warning } from "./finding.ts";
import { listPorts } from "./serial-ports.ts";

/** Written by systemd-timesyncd, and by chrony's helpers, once the clock is right. */
const SYNCHRONISED = "/run/systemd/timesync/synchronized";
/** Penstock did not exist before. */
const EARLIEST_MS = Date.UTC(2025, 0, 1);

export function checkClock(clock: Clock, synchronised = SYNCHRONISED): Finding {
  const nowMs = clock.now();
  const text = new Date(nowMs).toISOString();
  const remedy = "sudo timedatectl set-ntp true; timedatectl timesync-status tells of its servers";
  if (nowMs < EARLIEST_MS) return failed("clock", `it is ${text}, which cannot be`, remedy);
  if (existsSync(synchronised)) return ok("clock", `${text}, synchronised`);
  return warning("clock", `${text}, and nothing says that it is synchronised`, remedy);
}

export function checkDisk({ buffer }: GatewaySettings): Finding {
  const folder = existingFolder(buffer.path);
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const text = `${sizeText(free)} free for the buffer in ${folder}`;
  if (free < buffer.minFreeDisk) {
    const remedy = "free space: below buffer.minFreeDisk unsent readings are dropped";
    return failed("disk", text, remedy);
  }
  if (free - buffer.minFreeDisk < buffer.maxBytes) {
    const remedy = "lower buffer.maxBytes, or free space: the buffer cannot grow to its size";
    return warning("disk", text, remedy);
  }
  return ok("disk", text);
}

export function checkPermissions({ buffer }: GatewaySettings): Finding {
  const folder = existingFolder(buffer.path);
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return ok("permissions", `this user may write the buffer in ${folder}`);
  } catch (error) {
    const remedy = `run this as the agent's user, or: sudo chown -R USER ${folder}`;
    return warning("permissions", messageOf(error), remedy);
  }
}

/** The folder, or the one that it will be made in. */
function existingFolder(path: string): string {
  let folder = resolve(path);
  while (!existsSync(folder)) folder = dirname(folder);
  return folder;
}

/** The ports that the file names: there, permitted, and free, or held by the agent. */
export function checkPorts({ buses }: GatewaySettings, agentRuns: boolean): Finding[] {
  const known = listPorts();
  return Object.entries(buses).flatMap(([name, bus]) => {
    const path = "serial" in bus ? bus.serial : "host" in bus ? undefined : bus.port;
    return path === undefined ? [] : [checkPort(`serial ${name}`, path, known, agentRuns)];
  });
}

function checkPort(
  what: string,
  path: string,
  known: ReturnType<typeof listPorts>,
  agentRuns: boolean,
): Finding {
  if (!existsSync(path)) {
    return failed(what, `${path} is not there`, "is the adapter plugged in? See `penstock ports`");
  }
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch {
    const remedy = "sudo usermod -aG dialout $USER, and log in again";
    return failed(what, `this user may not open ${path}`, remedy);
  }
  const info = known.find((port) => port.path === path || port.device === path);
  if (info?.usedBy !== undefined && !agentRuns) {
    return failed(what, `${path} is in use by ${info.usedBy}`, "end that program");
  }
  if (info && !info.isStable && path.startsWith("/dev/ttyUSB")) {
    const remedy = "write its name below /dev/serial/by-id: see `penstock ports`";
    return warning(what, `${path} may be another adapter after a restart`, remedy);
  }
  return ok(what, `${path} is there${agentRuns ? "" : " and free"}`);
}
