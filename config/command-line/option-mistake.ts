/** What is wrong with a mistyped line, in words for whoever typed it. Pure. */
import { nearest } from "../faults/nearest.ts";
import { Misuse } from "./command.ts";
import type { OptionDeclarations } from "./command-help.ts";

/** The message; undefined for an error of another origin. */
export function misuseIn(error: unknown, options: OptionDeclarations = {}): string | undefined {
  return error instanceof Misuse ? error.message : optionMistake(error, options);
}

/** `util.parseArgs` speaks to programmers. */
function optionMistake(error: unknown, options: OptionDeclarations): string | undefined {
  const isOfParseArgs =
    error instanceof TypeError &&
    "code" in error &&
    String(error.code).startsWith("ERR_PARSE_ARGS");
  if (!isOfParseArgs) return undefined;
  const { code, message } = error;
  const [, given = ""] = /'(?:-\w, )?(-{1,2}[^' ]+)/.exec(message) ?? [];
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") return unknownOption(given, Object.keys(options));
  const value = options[given.replace(/^-+/, "")]?.value ?? "VALUE";
  if (message.includes("argument missing")) return `${given} needs a value: ${given} ${value}`;
  if (message.includes("ambiguous")) {
    return `${given} needs a value; one that begins with "-" is written ${given}=${value}`;
  }
  // The rest of what it says tells programmers how to get around it.
  return message.split("\n", 1)[0];
}

function unknownOption(given: string, known: readonly string[]): string {
  const near = nearest(given.replace(/^-+/, ""), known);
  const hint = near === undefined ? "" : ` Did you mean "--${near}"?`;
  return `There is no option "${given}".${hint}`;
}
