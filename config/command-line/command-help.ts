/** The help of commands, made of their declarations. Pure. */
export interface OptionDeclaration {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: boolean;
  readonly default?: string | boolean | string[];
  /** What its value is called in the help: `FILE`. */
  readonly value?: string;
  readonly means: string;
}

export type OptionDeclarations = Readonly<Record<string, OptionDeclaration>>;

export interface Example {
  /** The whole line, as it is typed. */
  readonly line: string;
  readonly does: string;
}

export interface DescribedCommand {
  /** One word, or two: `config show`. */
  readonly name: string;
  /** What follows the name, for the help: `DEVICE[/TAG]`. */
  readonly operands?: string;
  /** Half a line: what it does. */
  readonly summary: string;
  /** Further text, in lines of at most 100 characters. */
  readonly description?: string;
  readonly options: OptionDeclarations;
  readonly examples: readonly Example[];
}

export function helpOf(command: DescribedCommand): string {
  const { summary, description, options, examples } = command;
  const parts = [
    `${capital(summary)}.`,
    usageOf(command),
    description,
    optionsText(options),
    examplesText(examples),
  ];
  return `${parts.filter((part) => part !== undefined && part !== "").join("\n\n")}\n`;
}

/** Behind a message about misuse, which must not drown in help. */
export function usageHint(command: DescribedCommand): string {
  return `${usageOf(command)}\n${command.name} --help tells more.\n`;
}

function usageOf({ name, operands }: DescribedCommand): string {
  return `Usage: ${[name, operands, "[options]"].filter(Boolean).join(" ")}`;
}

function optionsText(options: OptionDeclarations): string {
  const entries = Object.entries(options).map(([name, option]) => {
    const short = option.short === undefined ? "" : `-${option.short}, `;
    const value = option.type === "string" ? ` ${option.value ?? "VALUE"}` : "";
    return [`${short}--${name}${value}`, meaningOf(option)] as const;
  });
  return table([...entries, ["-h, --help", "this text"]]);
}

function meaningOf({ means, default: fallback, type }: OptionDeclarations[string]): string {
  const shown = type === "string" && typeof fallback === "string" && fallback !== "";
  return shown ? `${means} (default: ${fallback})` : means;
}

function examplesText(examples: readonly Example[]): string {
  if (examples.length === 0) return "";
  return `Examples:\n${table(examples.map(({ line, does }) => [line, does] as const))}`;
}

export interface ProgramDescription {
  readonly intro: string;
  readonly commands: readonly DescribedCommand[];
}

export function programHelp({ intro, commands }: ProgramDescription): string {
  const rows = commands.map(
    ({ name, operands = "", summary }) => [`${name} ${operands}`.trim(), summary] as const,
  );
  return `${intro}

${table(rows)}

COMMAND --help tells more. Exit codes: 0 fine, 1 failed, 2 misuse, 78 bad configuration.
`;
}

/** A longer left column gets a line of its own. */
const LEFT_WIDTH_MAX = 44;

function table(rows: readonly (readonly [left: string, right: string])[]): string {
  const fitting = rows.map(([left]) => left.length).filter((length) => length <= LEFT_WIDTH_MAX);
  const width = Math.max(0, ...fitting);
  return rows
    .map(([left, right]) =>
      left.length > width
        ? `  ${left}\n  ${" ".repeat(width)}  ${right}`
        : `  ${left.padEnd(width)}  ${right}`,
    )
    .join("\n");
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
