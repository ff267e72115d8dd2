/** What a file of this folder exports to be a benchmark. */
export interface Bench {
  name: string;
  /** One line for the list. */
  describe: string;
  /** Measures; the result is printed as JSON with `--json`. */
  run(args: readonly string[]): Promise<unknown>;
  /** The result for people; without it, they see indented JSON. */
  render?(result: unknown): string;
}

export function isBench(module: object): module is Bench {
  const { name, describe, run } = module as Partial<Bench>;
  return typeof name === "string" && typeof describe === "string" && typeof run === "function";
}
