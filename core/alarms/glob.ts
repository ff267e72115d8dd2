/**
 * Patterns of names: `*` stands for any letters, `?` for one. Letters' case counts. A match costs time
 * in proportion to pattern times name at most: a hostile name cannot hold anything up.
 */
export function matchesGlob(pattern: string, name: string): boolean {
  let [at, from] = [0, 0];
  // Where to go on when what follows the last star turns out not to fit: one letter further.
  let [star, starFrom] = [-1, 0];
  while (from < name.length) {
    const sign = pattern[at];
    if (sign === "*") {
      star = at;
      starFrom = from;
      at += 1;
    } else if (sign !== undefined && (sign === "?" || sign === name[from])) {
      at += 1;
      from += 1;
    } else if (star >= 0) {
      starFrom += 1;
      from = starFrom;
      at = star + 1;
    } else return false;
  }
  while (pattern[at] === "*") at += 1;
  return at === pattern.length;
}

export function matchesAnyGlob(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => matchesGlob(pattern, name));
}
