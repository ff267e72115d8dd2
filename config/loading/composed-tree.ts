/**
 * One configuration that stands in several files: whose part of it a path is in is known by its
 * first two steps, a section and a name in it.
 */
import type { Node } from "yaml";
import type { Fault } from "../faults/faults.ts";
import type { Outline, Path, Problem, YamlTree } from "../yaml/yaml-tree.ts";

export interface Place {
  readonly file: string;
  readonly line: number;
}

export class ComposedTree implements Outline {
  readonly #main: YamlTree;
  readonly #trees: readonly YamlTree[];

  constructor(main: YamlTree, fragments: readonly YamlTree[]) {
    this.#main = main;
    this.#trees = [main, ...fragments];
  }

  fault(problem: Problem): Fault {
    return this.#ownerOf(problem.path).fault(problem);
  }

  nodeAt(path: Path): Node | undefined {
    return this.#ownerOf(path).nodeAt(path);
  }

  has(path: Path): boolean {
    return this.#ownerOf(path).has(path);
  }

  placeOf(path: Path): string {
    const owner = this.#ownerOf(path);
    return this.#trees.length === 1
      ? owner.placeOf(path)
      : `${owner.source.file}:${owner.lineOf(path)}`;
  }

  /** Where a value is written; undefined for a default. */
  whereIs(path: Path): Place | undefined {
    const owner = this.#ownerOf(path);
    return owner.has(path) ? { file: owner.source.file, line: owner.lineOf(path) } : undefined;
  }

  #ownerOf(path: Path): YamlTree {
    for (const length of [2, 1]) {
      const start = path.slice(0, length);
      const owner = this.#trees.find((tree) => start.length > 0 && tree.has(start));
      if (owner) return owner;
    }
    return this.#main;
  }
}
