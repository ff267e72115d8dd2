/** Finds the command that a program was called with, and turns what it throws into an exit code. */
import { EXIT, reportFailure } from "./exit.ts";

/** Takes what follows its name; gives the exit code. */
export type Command = (args: readonly string[]) => Promise<number>;

export interface CommandSet {
  /** By name. */
  commands: Readonly<Record<string, Command>>;
  help: string;
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown };
}

export async function dispatch(argv: readonly string[], set: CommandSet): Promise<number> {
  const { commands, help, stdout, stderr } = set;
  const [name = "", ...args] = argv;
  if (name === "--help" || name === "-h" || name === "help") {
    stdout.write(help);
    return EXIT.fine;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    stderr.write(name === "" ? help : `There is no command "${name}".\n\n${help}`);
    return EXIT.misuse;
  }
  try {
    return await command(args);
  } catch (error) {
    return reportFailure(error, stderr, help);
  }
}
