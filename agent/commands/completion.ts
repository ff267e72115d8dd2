/** `completion bash`: made of the same declarations as the help. */
import { type Command, declareCommand } from "#config/command-line/command.ts";
import type { DescribedCommand } from "#config/command-line/command-help.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { bashCompletion } from "./completion-script.ts";

/** @param describeAll all commands of the program */
export function completionCommand(describeAll: () => Promise<DescribedCommand[]>): Command {
  return declareCommand({
    name: "completion bash",
    summary: "a script by which bash completes commands and options",
    options: {},
    examples: [
      { line: 'eval "$(penstock completion bash)"', does: "for this shell" },
      {
        line: "penstock completion bash > /etc/bash_completion.d/penstock",
        does: "for all users",
      },
    ],
    run: async ({ io }) => {
      io.stdout.write(bashCompletion("penstock", await describeAll()));
      return EXIT.fine;
    },
  });
}
