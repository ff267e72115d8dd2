/**
 * Puts the files of `conf.d` together with the gateway's own. Buses and devices may be spread over
 * them by name; every other section stands in one file. What is given twice names both places.
 */
import type { Fault } from "../faults/faults.ts";
import { isMapping, mappingOf, type RawMapping } from "../yaml/raw.ts";
import type { YamlTree } from "../yaml/yaml-tree.ts";

export interface ParsedFile {
  readonly tree: YamlTree;
  readonly data: unknown;
}

export interface MergedFiles {
  readonly data: unknown;
  readonly faults: readonly Fault[];
}

const SPREAD: Readonly<Record<string, string>> = { buses: "bus", devices: "device" };

export function mergeFiles(main: ParsedFile, fragments: readonly ParsedFile[]): MergedFiles {
  if (fragments.length === 0) return { data: main.data, faults: [] };
  const merged: Record<string, unknown> = { ...mappingOf(main.data) };
  const faults: Fault[] = [];
  const owners = new Map(Object.keys(merged).map((key) => [key, main]));
  for (const fragment of fragments) {
    for (const [key, value] of Object.entries(mappingOf(fragment.data))) {
      const owner = owners.get(key);
      if (key === "version" && value === merged["version"]) continue;
      if (!owner) {
        owners.set(key, fragment);
        merged[key] = value;
      } else if (key in SPREAD && isMapping(value) && isMapping(merged[key])) {
        const files = [main, ...fragments];
        merged[key] = mergeSection(key, merged[key], value, fragment, files, faults);
      } else faults.push(secondSection(key, owner, fragment));
    }
  }
  return { data: merged, faults };
}

function mergeSection(
  section: string,
  known: RawMapping,
  added: RawMapping,
  fragment: ParsedFile,
  files: readonly ParsedFile[],
  faults: Fault[],
): RawMapping {
  for (const name of Object.keys(added).filter((other) => Object.hasOwn(known, other))) {
    const path = [section, name];
    const owner = files.find((file) => file !== fragment && file.tree.has(path));
    const place = owner ? `${owner.tree.source.file}:${owner.tree.lineOf(path)}` : "another file";
    const message = `${SPREAD[section]} "${name}" is in ${place} already`;
    faults.push(
      fragment.tree.fault({ path, on: "key", message, suggestion: "choose another name" }),
    );
  }
  const fresh = Object.entries(added).filter(([name]) => !Object.hasOwn(known, name));
  return { ...known, ...Object.fromEntries(fresh) };
}

function secondSection(key: string, owner: ParsedFile, fragment: ParsedFile): Fault {
  const place = `${owner.tree.source.file}:${owner.tree.lineOf([key])}`;
  const message = `"${key}" is in ${place} already`;
  const suggestion = "keep one of them: only buses and devices may be spread over several files";
  return fragment.tree.fault({ path: [key], on: "key", message, suggestion });
}
