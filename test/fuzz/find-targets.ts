import { readdir } from "node:fs/promises";
import { type FuzzTarget, isFuzzTarget } from "./target.ts";

/** All targets of the folder, in the order of their files' names. */
export async function findTargets(): Promise<FuzzTarget[]> {
  const folder = new URL("./targets/", import.meta.url);
  const files = (await readdir(folder)).filter((file) => file.endsWith(".ts")).toSorted();
  const targets: FuzzTarget[] = [];
  for (const file of files) {
    const module: unknown = await import(new URL(file, folder).href);
    if (typeof module === "object" && module !== null) {
      targets.push(...Object.values(module).filter(isTarget));
    }
  }
  return targets;
}

function isTarget(exported: unknown): exported is FuzzTarget {
  return typeof exported === "object" && exported !== null && isFuzzTarget(exported);
}
