/** What commands on alarms are told, of gateway and sink alike: for how long, why, and by whom. */
import { userInfo } from "node:os";
import type { CommandIo } from "./command.ts";

export const NOTE_OPTION = {
  note: { type: "string", default: "", means: "why, for whoever reads the journal", value: "TEXT" },
} as const;

export const FOR_OPTION = {
  for: { type: "string", means: "how long, such as 2h", value: "DURATION" },
} as const;

const NAME_LENGTH_MAX = 128;

/** Behind `sudo`, the person and not root. */
export function whoAsks({ env }: Pick<CommandIo, "env">): string {
  return (env["SUDO_USER"] ?? userInfo().username).slice(0, NAME_LENGTH_MAX);
}
