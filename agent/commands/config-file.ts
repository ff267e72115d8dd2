/** Which gateway's file a command means. */
import { meaningOf, type UsualFile, usualFile } from "#config/command-line/usual-file.ts";

const GATEWAY_FILE: UsualFile = {
  of: "the gateway",
  variable: "PENSTOCK_CONFIG",
  places: ["gateway.yaml", "/etc/penstock/gateway.yaml"],
};

export const CONFIG_OPTION = {
  config: { type: "string", value: "FILE", means: meaningOf(GATEWAY_FILE) },
} as const;

/** @throws Misuse where none is named and none lies where it usually does */
export function configFileOf(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  return usualFile(GATEWAY_FILE, given, env);
}
