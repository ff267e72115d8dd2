/** Whether a serial port is there and free, and what its errors mean to a person. */
import { statSync } from "node:fs";
import { messageOf, PenstockError } from "#core/errors.ts";
import { ownerOf } from "./port-lock.ts";
import { portPath } from "./usb-ports.ts";

/** Node and device number: both change when a USB adapter comes back under another name. */
export function identityOf(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && `${stat.rdev} ${stat.ino}`;
}

/** Of the port that the settings' name leads to at present; undefined when there is none. */
export function currentIdentityOf(port: string): string | undefined {
  try {
    return identityOf(portPath(port));
  } catch (error) {
    if (error instanceof PenstockError) return undefined;
    throw error;
  }
}

/** @throws PenstockError PORT_UNAVAILABLE: there is no such port, or another program holds it */
export function assertAvailable(path: string): void {
  if (identityOf(path) === undefined) {
    throw unavailable(path, "there is no such device: is it plugged in?");
  }
  const owner = ownerOf(path);
  if (!owner) return;
  const who = `${owner.program} (process ${owner.pid})`;
  throw unavailable(path, `it is held by another program: ${who}`);
}

/** The error of `serialport`'s open, explained. */
export function explainedFailure(path: string, error: unknown): PenstockError {
  return unavailable(path, explanationOf(messageOf(error)), error);
}

function unavailable(path: string, why: string, cause?: unknown): PenstockError {
  return new PenstockError("PORT_UNAVAILABLE", `cannot open ${path}: ${why}`, {
    context: { path },
    cause,
  });
}

/** serialport gives the system's text only. */
function explanationOf(message: string): string {
  if (message.includes("Cannot lock")) return "it is held by another program";
  if (message.includes("Permission denied")) {
    return "not permitted: the user that runs this must be in the group dialout";
  }
  if (message.includes("Inappropriate ioctl")) return "it is no serial port";
  return message;
}
