/** How a program ends: its exit code, and what it says of the error that ended it. */
import { PenstockError } from "#core/errors.ts";
import { ConfigError, renderFaults } from "../faults/faults.ts";

export const EXIT = {
  fine: 0,
  failed: 1,
  misuse: 2,
  /** EX_CONFIG of sysexits.h. */
  badConfiguration: 78,
} as const;

/** Tells an operating error as its reader needs it; gives the exit code. Others are thrown on. */
export function reportFailure(error: unknown, stderr: { write(text: string): unknown }): number {
  if (error instanceof ConfigError) {
    stderr.write(`${renderFaults(error.faults, "text")}\n`);
    return EXIT.badConfiguration;
  }
  if (error instanceof PenstockError) {
    stderr.write(`${error.code}: ${error.message}\n`);
    return error.code.startsWith("CONFIG_") ? EXIT.badConfiguration : EXIT.failed;
  }
  throw error;
}
