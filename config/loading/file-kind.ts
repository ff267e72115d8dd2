/** What a configuration file is to fulfil, and what comes of one that does. */
import type { z } from "zod";
import type { Fault } from "../faults/faults.ts";
import type { Outline, Path, Problem } from "../yaml/yaml-tree.ts";
import type { ComposedTree } from "./composed-tree.ts";

/** What a file is to fulfil. */
export interface FileKind<T> {
  readonly schema: z.ZodType<T>;
  /** What goes beyond the shape of each of its parts. */
  readonly check: (data: unknown, outline: Outline) => Problem[];
  /** A quicker way to what the schema makes of data; undefined where it takes them not. */
  readonly parse?: (data: unknown) => T | undefined;
  /** Puts in what the file refers to, before it is checked. */
  readonly expand?: (data: unknown) => Expanded;
}

export interface Expanded {
  readonly data: unknown;
  readonly problems: readonly Problem[];
  /** In other files. */
  readonly faults: readonly Fault[];
}

export interface LoadedFile<T> {
  readonly settings: T;
  /** As it stands in the file: without defaults. */
  readonly data: unknown;
  /** Where it stands. */
  readonly tree: ComposedTree;
  /** Values that are not to be shown. */
  readonly secrets: readonly Path[];
}

export const NOTHING_TO_EXPAND = (data: unknown): Expanded => ({ data, problems: [], faults: [] });
