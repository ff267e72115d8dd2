/** Runs one command within the test's process, as its program would. */
import { Readable, Writable } from "node:stream";
import type { Command } from "#config/command-line/command.ts";
import { dispatch } from "#config/command-line/dispatch.ts";

export interface CommandOutcome {
  code: number;
  out: string;
  err: string;
}

export interface Surroundings {
  stdin?: string | Readable;
  /** Instead of keeping what is written. */
  stdout?: Writable;
  env?: Record<string, string>;
  signal?: AbortSignal;
}

export async function runCommand(
  command: Command,
  args: readonly string[],
  surroundings: Surroundings = {},
): Promise<CommandOutcome> {
  const { stdin = "", stdout, env = {} } = surroundings;
  const { signal = new AbortController().signal } = surroundings;
  const { name } = command.described;
  const out = new Kept();
  const err = new Kept();
  const input = typeof stdin === "string" ? Readable.from([Buffer.from(stdin)]) : stdin;
  const io = { stdin: input, stdout: stdout ?? out, stderr: err, env, signal };
  const commands = { [name]: () => Promise.resolve(command) };
  const code = await dispatch([...name.split(" "), ...args], { intro: "A test.", commands, io });
  return { code, out: out.text, err: err.text };
}

class Kept extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
