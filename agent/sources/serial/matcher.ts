/**
 * Finds values in a line by a pattern with named groups: each group is a tag. Pure. The pattern is
 * the technician's, checked with the file; the line is anybody's.
 */

export interface Found {
  tag: string;
  text: string;
}

export class LineMatcher {
  /** Names of the groups, in the pattern's order. */
  readonly tags: readonly string[];
  readonly #pattern: RegExp;

  /** @throws SyntaxError for a pattern that does not compile */
  constructor(pattern: string) {
    this.#pattern = new RegExp(pattern, "u");
    // With an empty alternative the pattern matches anything, and so tells its groups.
    const groups = new RegExp(`${pattern}|`, "u").exec("")?.groups;
    this.tags = Object.keys(groups ?? {});
  }

  /** The groups that took part in the match; undefined when the line does not match. */
  match(line: string): Found[] | undefined {
    const groups = this.#pattern.exec(line)?.groups;
    if (!groups) return undefined;
    return this.tags.flatMap((tag) => {
      const text = groups[tag];
      return text === undefined ? [] : [{ tag, text }];
    });
  }
}
