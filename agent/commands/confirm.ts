/** Asks before something that cannot be taken back. */
import { type CommandIo, Misuse } from "#config/command-line/command.ts";
import { Questions } from "./questions.ts";

/** @throws Misuse where nobody can be asked */
export async function isConfirmed(question: string, io: CommandIo): Promise<boolean> {
  if (io.stdin.isTTY !== true) throw new Misuse("nobody can be asked here: give --yes");
  const questions = new Questions(io);
  try {
    const answer = await questions.ask(`${question} [yes/no]`);
    return answer?.toLowerCase() === "yes";
  } finally {
    questions.close();
  }
}
