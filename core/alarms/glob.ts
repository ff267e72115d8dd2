/** Patterns of names: `*` stands for any letters, `?` for one. Letters' case counts. */

/** Takes at most the product of the two lengths: no pattern, however odd, holds anybody up. */
export function matchesGlob(pattern: string, name: string): boolean {
  let at = 0;
  let place = 0;
  /** The last star, and the first letter that it does not cover yet. */
  let star = -1;
  let uncovered = 0;
  while (place < name.length) {
    const sign = pattern[at];
    if (sign === "*") {
      star = at;
      uncovered = place;
      at += 1;
    } else if (sign === "?" || sign === name[place]) {
      at += 1;
      place += 1;
    } else if (star >= 0) {
      uncovered += 1;
      place = uncovered;
      at = star + 1;
    } else {
      return false;
    }
  }
  while (pattern[at] === "*") at += 1;
  return at === pattern.length;
}

export function matchesAnyGlob(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => matchesGlob(pattern, name));
}
