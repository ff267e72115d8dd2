import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { systemCodeOf } from "./errors.ts";

/**
 * Makes the folder, and those above it that are missing; gives what it made, the topmost first. Node's
 * own way asks for ever where a folder that is there takes no other and says ENOENT: /proc, an
 * automounter's, a working directory that was removed.
 * @throws the system's error: EACCES, ENOENT, ENOTDIR, EROFS …
 */
export function makeFolder(folder: string, mode?: number): readonly string[] {
  const made: string[] = [];
  for (const path of [...missing(folder), resolve(folder)]) {
    try {
      mkdirSync(path, { mode });
      made.push(path);
    } catch (error) {
      // Another program may have made it meanwhile; a file in its place is no folder.
      if (systemCodeOf(error) !== "EEXIST" || !statSync(path).isDirectory()) throw error;
    }
  }
  return made;
}

/** The folders above it that are not there, the topmost first. */
function missing(folder: string): string[] {
  const paths: string[] = [];
  let above = dirname(resolve(folder));
  while (!existsSync(above)) {
    paths.unshift(above);
    above = dirname(above);
  }
  return paths;
}
