/** Which sink's file a command means. */
import { meaningOf, type UsualFile, usualFile } from "#config/command-line/usual-file.ts";

const SINK_FILE: UsualFile = {
  of: "the sink",
  variable: "PENSTOCK_SINK_CONFIG",
  places: ["sink.yaml", "/etc/penstock/sink.yaml"],
};

export const CONFIG_OPTION = {
  config: { type: "string", value: "FILE", means: meaningOf(SINK_FILE) },
} as const;

/** @throws Misuse where none is named and none lies where it usually does */
export function configFileOf(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  return usualFile(SINK_FILE, given, env);
}
