/** Where a template's values stand in its file. */

import { readSource } from "#config/loading/read-source.ts";
import type { TemplateShelf } from "#config/loading/template-shelf.ts";
import { parseYaml } from "#config/yaml/parse-yaml.ts";
import type { Path, YamlTree } from "#config/yaml/yaml-tree.ts";

export class TemplateLines {
  readonly #shelf: TemplateShelf;
  readonly #trees = new Map<string, YamlTree | undefined>();

  constructor(shelf: TemplateShelf) {
    this.#shelf = shelf;
  }

  /** `FILE:LINE`; undefined where the template does not say it. */
  placeOf(template: string, path: Path): string | undefined {
    const tree = this.#treeOf(template);
    return tree?.has(path) ? `${tree.source.file}:${tree.lineOf(path)}` : undefined;
  }

  #treeOf(name: string): YamlTree | undefined {
    if (!this.#trees.has(name)) {
      const file = this.#shelf.find(name)?.file;
      this.#trees.set(name, file === undefined ? undefined : parseYaml(readSource(file)).tree);
    }
    return this.#trees.get(name);
  }
}
