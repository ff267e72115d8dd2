/** Which file a command means where none is named. */
import { existsSync } from "node:fs";
import { Misuse } from "./command.ts";

export interface UsualFile {
  /** What it is the file of. */
  readonly of: string;
  /** Variable of the environment that names it. */
  readonly variable: string;
  /** Where it usually lies, the nearest first. */
  readonly places: readonly string[];
}

/** For the help: the ways to leave the name out. */
export function meaningOf({ of, variable, places }: UsualFile): string {
  return `${of}'s file; else ${[`$${variable}`, ...places.map(shownPlace)].join(", ")}`;
}

function shownPlace(place: string): string {
  return place.startsWith("/") ? place : `./${place}`;
}

/** @throws Misuse where none is named and none lies where it usually does */
export function usualFile(
  { of, variable, places }: UsualFile,
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const file = given ?? env[variable] ?? places.find((place) => existsSync(place));
  if (file !== undefined) return file;
  throw new Misuse(`Which file? Name ${of}'s: there is no ${places.join(", and no ")}.`);
}
