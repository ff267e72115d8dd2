/**
 * Runs a program of ours in a process of its own: a damaged table of LevelDB can abort the process
 * that reads it. Its answer is one line of JSON on standard output.
 */
import { execFile } from "node:child_process";
import { messageOf } from "./errors.ts";

export type ChildOutcome<T> =
  | { kind: "answered"; answer: T }
  /** It did not end by itself, or not well. */
  | { kind: "failed"; reason: string };

const LAST_WORDS_MAX = 2000;
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

export async function runChild<T>(program: URL, args: readonly string[]): Promise<ChildOutcome<T>> {
  return new Promise((resolve) => {
    const options = { maxBuffer: ANSWER_BYTES_MAX };
    execFile(process.execPath, [program.pathname, ...args], options, (error, stdout, stderr) => {
      if (error) {
        const lastWords = stderr.trim().slice(0, LAST_WORDS_MAX) || messageOf(error);
        const reason = error.signal ? `ended by ${error.signal}` : lastWords;
        return resolve({ kind: "failed", reason });
      }
      resolve({ kind: "answered", answer: JSON.parse(stdout) });
    });
  });
}
