/**
 * One declaration of a command serves the reading of its arguments, its help, its completion in the
 * shell and the tests of the documentation. What does not fit the declaration is misuse.
 */
import type { Readable } from "node:stream";
import { parseArgs } from "node:util";
import { type DescribedCommand, helpOf, type OptionDeclarations } from "./command-help.ts";
import { EXIT } from "./exit.ts";

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** What a command has of the process around it. */
export interface CommandIo {
  readonly stdin: Readable & { readonly isTTY?: boolean | undefined };
  /** Results. */
  readonly stdout: Output;
  /** Messages. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Fires when the program is asked to end. */
  readonly signal: AbortSignal;
}

type Values<O extends OptionDeclarations> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: true; args: string[] }>
>["values"];

export interface CommandCall<O extends OptionDeclarations> {
  readonly values: Values<O>;
  readonly operands: readonly string[];
  readonly io: CommandIo;
}

export interface CommandDeclaration<O extends OptionDeclarations> extends DescribedCommand {
  readonly options: O;
  /** How many operands there are: at least, and at most. */
  readonly operandCount?: readonly [least: number, most: number];
  /** Gives the exit code. */
  readonly run: (call: CommandCall<O>) => Promise<number> | number;
}

/** A command as its program finds it. */
export interface Command {
  readonly described: DescribedCommand;
  /** Takes what follows the command's name; gives the exit code. */
  run(args: readonly string[], io: CommandIo): Promise<number>;
}

/** What was asked cannot be meant so. */
export class Misuse extends Error {}

const HELP_OPTION = {
  help: { type: "boolean", short: "h", default: false, means: "this text" },
} as const;

export const JSON_OPTION = {
  json: { type: "boolean", default: false, means: "JSON, for programs" },
} as const;

export function declareCommand<const O extends OptionDeclarations>(
  declaration: CommandDeclaration<O>,
): Command {
  return {
    described: declaration,
    run: async (args, io) => {
      const options = { ...declaration.options, ...HELP_OPTION };
      if (asksForHelp(args)) {
        io.stdout.write(helpOf(declaration));
        return EXIT.fine;
      }
      const { values, positionals } = parseArgs({
        args: [...args],
        options,
        allowPositionals: true,
      });
      checkOperands(declaration, positionals);
      // The options given are those declared, and one more.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return await declaration.run({ values: values as Values<O>, operands: positionals, io });
    },
  };
}

/** Help is given whatever else is wrong with the line. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const before = end < 0 ? args : args.slice(0, end);
  return before.includes("--help") || before.includes("-h");
}

function checkOperands(
  { operands = "", operandCount = [0, 0], name }: CommandDeclaration<OptionDeclarations>,
  given: readonly string[],
): void {
  const [least, most] = operandCount;
  if (given.length < least) throw new Misuse(`"${name}" needs ${operands}`);
  const extra = given[most];
  if (extra === undefined) return;
  throw new Misuse(
    `"${name}" takes ${most === 0 ? "no operands" : operands}: "${extra}" is too many`,
  );
}
