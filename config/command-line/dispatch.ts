/** Finds the command that a program was called with, and turns what it throws into an exit code. */

import { nearest } from "../faults/nearest.ts";
import type { Command, CommandIo } from "./command.ts";
import { type DescribedCommand, programHelp, usageHint } from "./command-help.ts";
import { EXIT, reportFailure } from "./exit.ts";
import { misuseIn } from "./option-mistake.ts";
import { versionText } from "./version.ts";

/** Loads a command: a program starts with the code of one command only. */
export type CommandLoader = () => Promise<Command>;

export interface CommandSet {
  /** One line: what the program is. */
  intro: string;
  /** By name: one word, or two. */
  commands: Readonly<Record<string, CommandLoader>>;
  io: CommandIo;
}

const HELP_WORDS: ReadonlySet<string> = new Set(["--help", "-h", "help"]);
const VERSION_WORDS: ReadonlySet<string> = new Set(["--version", "-V", "version"]);

export async function dispatch(argv: readonly string[], set: CommandSet): Promise<number> {
  const { commands, io } = set;
  const [first = "", second = ""] = argv;
  if (first === "help" && second !== "") return await dispatch([...argv.slice(1), "--help"], set);
  if (first === "" || HELP_WORDS.has(first)) {
    const help = await helpFor(set);
    (first === "" ? io.stderr : io.stdout).write(help);
    return first === "" ? EXIT.misuse : EXIT.fine;
  }
  if (VERSION_WORDS.has(first)) {
    io.stdout.write(`${versionText()}\n`);
    return EXIT.fine;
  }
  const twoWords = `${first} ${second}`;
  const name = [twoWords, first].find((words) => Object.hasOwn(commands, words));
  const load = name === undefined ? undefined : commands[name];
  if (name === undefined || !load) return unknownCommand(set, first, second);
  const command = await load();
  try {
    return await command.run(argv.slice(name.split(" ").length), io);
  } catch (error) {
    const { described } = command;
    const mistake = misuseIn(error, described.options);
    if (mistake === undefined) return reportFailure(error, io.stderr);
    io.stderr.write(`${mistake}\n\n${usageHint(described)}`);
    return EXIT.misuse;
  }
}

/** A group's first word alone lists its commands. */
async function unknownCommand(set: CommandSet, first: string, second: string): Promise<number> {
  const { io, commands } = set;
  const names = Object.keys(commands);
  const group = names.filter((name) => name.startsWith(`${first} `));
  if (group.length === 0) {
    const near = nearest(first, names);
    io.stderr.write(`There is no command "${first}".${hintOf(near)}\n--help lists them.\n`);
    return EXIT.misuse;
  }
  const help = await helpFor(set, group);
  if (HELP_WORDS.has(second)) {
    io.stdout.write(help);
    return EXIT.fine;
  }
  const asked = `${first} ${second}`;
  const wrong =
    second === "" ? "" : `There is no command "${asked}".${hintOf(nearest(asked, group))}\n\n`;
  io.stderr.write(`${wrong}${help}`);
  return EXIT.misuse;
}

function hintOf(near: string | undefined): string {
  return near === undefined ? "" : ` Did you mean "${near}"?`;
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
