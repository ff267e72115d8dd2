/**
 * Runs the console blocks of a page, in their order, in one shell: lines that begin with `$ ` are
 * typed, the others are what is expected to appear, where `…` stands for anything.
 */
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";

const root = join(import.meta.dirname, "../..");

export interface Step {
  /** Several lines for a here-document. */
  command: string;
  expected: string[];
}

/** Of one page's text. */
export function stepsOf(page: string): Step[] {
  const blocks = [...page.matchAll(/^```console\n(.*?)^```$/gms)].map(([, text = ""]) => text);
  return blocks.flatMap((text) => stepsIn(text.trimEnd().split("\n")));
}

function stepsIn(lines: readonly string[]): Step[] {
  const steps: Step[] = [];
  let hereEnd: string | undefined;
  for (const line of lines) {
    const last = steps.at(-1);
    if (last && hereEnd !== undefined) {
      last.command += `\n${line}`;
      if (line === hereEnd) hereEnd = undefined;
    } else if (line.startsWith("$ ")) {
      steps.push({ command: line.slice(2), expected: [] });
      hereEnd = /<<'(\w+)'/.exec(line)?.[1];
    } else last?.expected.push(line);
  }
  return steps;
}

/** True where each expected line appears, in this order; a line of `…` alone leaves any lines out. */
export function fits(expected: readonly string[], output: string): boolean {
  const pattern = expected
    .map((line) => (line === "…" ? "(?:.*\n)*?" : `${line.split("…").map(escape).join(".*")}\n`))
    .join("");
  return new RegExp(`^${pattern}$`).test(output);
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

export class Console {
  readonly #shell: ReturnType<typeof spawn>;
  #output = "";
  #onOutput: () => void = () => {};
  #count = 0;

  /** A shell in the folder, with `penstock` on its path. */
  constructor(folder: string, environment: Readonly<Record<string, string>> = {}) {
    const bin = join(folder, "bin");
    mkdirSync(bin, { recursive: true });
    const script = `#!/bin/sh\nexec "${process.execPath}" "${join(root, "agent/main.ts")}" "$@"\n`;
    writeFileSync(join(bin, "penstock"), script);
    chmodSync(join(bin, "penstock"), 0o755);
    const shell = spawn("bash", ["--norc"], {
      cwd: folder,
      env: { PATH: `${bin}:/usr/bin:/bin`, HOME: folder, ...environment },
      stdio: ["pipe", "pipe", "inherit"],
    });
    shell.stdout.on("data", (bytes: Buffer) => {
      this.#output += bytes.toString();
      this.#onOutput();
    });
    shell.stdin.write("exec 2>&1\n");
    this.#shell = shell;
    onTestFinished(() => this.end());
  }

  /** Resolves with what appeared, and the exit code. */
  async type(command: string): Promise<{ output: string; code: number }> {
    const mark = `(end of ${++this.#count})`;
    const from = this.#output.length;
    this.#shell.stdin?.write(`${command}\necho "${mark} $?"\n`);
    const pattern = new RegExp(`${escape(mark)} (\\d+)\n`);
    await new Promise<void>((resolve) => {
      this.#onOutput = () => {
        if (pattern.test(this.#output.slice(from))) resolve();
      };
      this.#onOutput();
    });
    const shown = this.#output.slice(from);
    const found = pattern.exec(shown);
    return { output: shown.slice(0, found?.index), code: Number(found?.[1]) };
  }

  /** Ends what still runs in it, and waits for that. */
  async end(): Promise<void> {
    if (this.#shell.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#shell.once("close", resolve));
    this.#shell.stdin?.end("kill $(jobs -p) 2>/dev/null\nwait\nexit\n");
    await ended;
  }
}
