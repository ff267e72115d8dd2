/** Asks somebody at a terminal, one line a question. */
import { createInterface, type Interface } from "node:readline/promises";
import type { CommandIo } from "#config/command-line/command.ts";

export class Questions {
  readonly #io: CommandIo;
  readonly #terminal: Interface;
  readonly #lines: AsyncIterator<string>;

  constructor(io: CommandIo) {
    this.#io = io;
    this.#terminal = createInterface({ input: io.stdin, signal: io.signal });
    this.#lines = this.#terminal[Symbol.asyncIterator]();
  }

  /** Undefined where nobody answers any more: Ctrl-C, Ctrl-D. */
  async ask(question: string): Promise<string | undefined> {
    this.#io.stderr.write(`${question} `);
    const { value, done } = await this.#lines.next();
    if (done !== true) return value.trim();
    this.#io.stderr.write("\n");
    return undefined;
  }

  tell(text: string): void {
    this.#io.stderr.write(`${text}\n`);
  }

  close(): void {
    this.#terminal.close();
  }
}
