/** What a file of `targets` exports to be fuzzed: a parser, what it usually gets, and what it may say. */

export interface FuzzTarget {
  name: string;
  /** One line for the list. */
  describe: string;
  /** Inputs that are right, from which wrong ones are made. */
  seeds: readonly Uint8Array[];
  /** Pieces that mean something to the parser. */
  dictionary?: readonly Uint8Array[];
  /**
   * Gives the input to the parser. Errors that the parser declares are caught here; whatever is thrown
   * is a finding, and so is a promise of the parser that it breaks.
   */
  feed(input: Uint8Array): void | Promise<void>;
}

export function isFuzzTarget(module: object): module is FuzzTarget {
  const { name, describe, seeds, feed } = module as Partial<FuzzTarget>;
  return (
    typeof name === "string" &&
    typeof describe === "string" &&
    Array.isArray(seeds) &&
    typeof feed === "function"
  );
}

/** A promise of the parser that does not hold. */
export class BrokenPromise extends Error {}

/** @throws BrokenPromise */
export function holds(isTrue: boolean, promise: string): asserts isTrue {
  if (!isTrue) throw new BrokenPromise(promise);
}

export function bytes(...texts: readonly string[]): Buffer[] {
  return texts.map((text) => Buffer.from(text));
}
