/** The serial ports of this machine, by the names that last. Read from the kernel's own lists. */
import { accessSync, constants, existsSync, readdirSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { ownerOf } from "#agent/sources/serial/port-lock.ts";
import { systemCodeOf } from "#core/errors.ts";

export interface SerialPortInfo {
  /** What to write in the gateway's file: stable where there is such a name. */
  readonly path: string;
  readonly device: string;
  readonly isStable: boolean;
  readonly isPermitted: boolean;
  /** The program that has it open. */
  readonly usedBy?: string;
}

/** Where the kernel and udev list them; a test gives folders of its own. */
export interface PortFolders {
  readonly byId: string;
  readonly byPath: string;
  readonly ttys: string;
  readonly devices: string;
}

const SYSTEM_FOLDERS: PortFolders = {
  byId: "/dev/serial/by-id",
  byPath: "/dev/serial/by-path",
  ttys: "/sys/class/tty",
  devices: "/dev",
};

export function listPorts(folders: PortFolders = SYSTEM_FOLDERS): SerialPortInfo[] {
  const names = new Map<string, string>();
  // A path names a socket of the machine, an id the adapter itself: the id is better.
  for (const folder of [folders.byPath, folders.byId]) {
    for (const name of namesIn(folder)) {
      const path = join(folder, name);
      const device = followed(path);
      if (device !== undefined) names.set(device, path);
    }
  }
  const devices = new Set([...names.keys(), ...hardwarePorts(folders)]);
  return [...devices].toSorted().map((device) => infoOf(device, names.get(device)));
}

/**
 * Ports with hardware behind them. The kernel also lists UARTs that are not there, with a driver of
 * the bare platform and the type 0.
 */
function hardwarePorts({ ttys, devices }: PortFolders): string[] {
  return namesIn(ttys)
    .filter((name) => existsSync(join(ttys, name, "device")))
    .filter((name) => basename(followed(join(ttys, name, "device/driver")) ?? "") !== "serial8250")
    .map((name) => join(devices, name))
    .filter((path) => existsSync(path));
}

function infoOf(device: string, stableName: string | undefined): SerialPortInfo {
  const owner = ownerOf(device);
  return {
    path: stableName ?? device,
    device,
    isStable: stableName !== undefined,
    isPermitted: isPermitted(device),
    ...(owner && { usedBy: `${owner.program} (process ${owner.pid})` }),
  };
}

function isPermitted(device: string): boolean {
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function followed(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    // An adapter that was just pulled out leaves its name for a moment.
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  }
}
