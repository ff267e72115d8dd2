/** Finds the command that a program was called with, and turns what it throws into an exit code. */

import { nearest } from "../faults/nearest.ts";
import { type Command, type CommandIo, Misuse } from "./command.ts";
import { type DescribedCommand, helpOf, programHelp } from "./command-help.ts";
import { EXIT, reportFailure } from "./exit.ts";

/** Loads a command: a program starts with the code of one command only. */
export type CommandLoader = () => Promise<Command>;

export interface CommandSet {
  /** One line: what the program is. */
  intro: string;
  /** By name: one word, or two. */
  commands: Readonly<Record<string, CommandLoader>>;
  io: CommandIo;
}

export async function dispatch(argv: readonly string[], set: CommandSet): Promise<number> {
  const { commands, io } = set;
  const [first = "", second = ""] = argv;
  if (first === "" || first === "--help" || first === "-h" || first === "help") {
    const help = await helpFor(set);
    (first === "" ? io.stderr : io.stdout).write(help);
    return first === "" ? EXIT.misuse : EXIT.fine;
  }
  const twoWords = `${first} ${second}`;
  const name = [twoWords, first].find((words) => Object.hasOwn(commands, words));
  const load = name === undefined ? undefined : commands[name];
  if (name === undefined || !load) return unknownCommand(set, first, twoWords);
  const command = await load();
  try {
    return await command.run(argv.slice(name.split(" ").length), io);
  } catch (error) {
    if (!(error instanceof Misuse))
      return reportFailure(error, io.stderr, helpOf(command.described));
    io.stderr.write(`${error.message}\n\n${helpOf(command.described)}`);
    return EXIT.misuse;
  }
}

/** A group's first word alone lists its commands. */
async function unknownCommand(set: CommandSet, first: string, twoWords: string): Promise<number> {
  const names = Object.keys(set.commands);
  const group = names.filter((name) => name.startsWith(`${first} `));
  if (group.length > 0) {
    const asked = twoWords === `${first} --help` || twoWords === `${first} -h`;
    const help = await helpFor(set, group);
    (asked ? set.io.stdout : set.io.stderr).write(help);
    return asked ? EXIT.fine : EXIT.misuse;
  }
  const near = nearest(first, names);
  const hint = near === undefined ? "" : ` Did you mean "${near}"?`;
  set.io.stderr.write(`There is no command "${first}".${hint}\n\n${await helpFor(set)}`);
  return EXIT.misuse;
}

async function helpFor(set: CommandSet, names = Object.keys(set.commands)): Promise<string> {
  return programHelp({ intro: set.intro, commands: await describe(set.commands, names) });
}

/** The declarations of the named commands, or of all. */
export async function describe(
  commands: CommandSet["commands"],
  names = Object.keys(commands),
): Promise<DescribedCommand[]> {
  const loaded = await Promise.all(names.map(async (name) => await commands[name]?.()));
  return loaded.flatMap((command) => (command ? [command.described] : []));
}
