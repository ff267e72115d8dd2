/** Asks before something that cannot be taken back. */
import { createInterface } from "node:readline/promises";
import { type CommandIo, Misuse } from "#config/command-line/command.ts";

/** @throws Misuse where nobody can be asked */
export async function isConfirmed(question: string, io: CommandIo): Promise<boolean> {
  if (io.stdin.isTTY !== true) throw new Misuse("nobody can be asked here: give --yes");
  io.stderr.write(`${question} [yes/no] `);
  const lines = createInterface({ input: io.stdin });
  try {
    for await (const line of lines) return line.trim().toLowerCase() === "yes";
    return false;
  } finally {
    lines.close();
  }
}
