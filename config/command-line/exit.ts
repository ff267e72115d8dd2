/** How a program ends: its exit code, and what it says of the error that ended it. */
import { messageOf, PenstockError } from "#core/errors.ts";
import { ConfigError, renderFaults } from "../faults/faults.ts";

export const EXIT = {
  fine: 0,
  failed: 1,
  misuse: 2,
  /** EX_CONFIG of sysexits.h. */
  badConfiguration: 78,
} as const;

/** Tells an operating error as its reader needs it; gives the exit code. Others are thrown on. */
export function reportFailure(
  error: unknown,
  stderr: { write(text: string): unknown },
  help: string,
): number {
  if (error instanceof ConfigError) {
    stderr.write(`${renderFaults(error.faults, "text")}\n`);
    return EXIT.badConfiguration;
  }
  if (error instanceof PenstockError) {
    stderr.write(`${error.code}: ${error.message}\n`);
    return error.code.startsWith("CONFIG_") ? EXIT.badConfiguration : EXIT.failed;
  }
  if (isMisuse(error)) {
    stderr.write(`${messageOf(error)}\n\n${help}`);
    return EXIT.misuse;
  }
  throw error;
}

/** `util.parseArgs` throws for options that it does not know. */
function isMisuse(error: unknown): boolean {
  return (
    error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS")
  );
}
