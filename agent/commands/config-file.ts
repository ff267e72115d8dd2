/** Which gateway's file a command means. */
import { existsSync } from "node:fs";
import { Misuse } from "#config/command-line/command.ts";

export const CONFIG_OPTION = {
  config: {
    type: "string",
    value: "FILE",
    means: "the gateway's file; else $PENSTOCK_CONFIG, ./gateway.yaml, /etc/penstock/gateway.yaml",
  },
} as const;

const USUAL_FILES = ["gateway.yaml", "/etc/penstock/gateway.yaml"];

/** @throws Misuse where none is named and none lies where it usually does */
export function configFileOf(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const named = given ?? env["PENSTOCK_CONFIG"];
  const file = named ?? USUAL_FILES.find((path) => existsSync(path));
  if (file !== undefined) return file;
  throw new Misuse(
    `Which gateway's file? Give --config FILE (there is no ${USUAL_FILES.join(", and no ")}).`,
  );
}
