/**
 * One life of one program, from its start to its exit: a process group of its own, standard error
 * appended to a file, and a first line on standard output that says it is ready.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline";

export interface ProgramSpec {
  name: string;
  /** The TypeScript file to run, and its arguments. */
  script: string;
  args: readonly string[];
  logFile: string;
  /** A command that replaces itself by what follows it, such as `env NAME=VALUE`. */
  wrapper?: readonly string[];
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/**
 * As the installed services run. Three times the semi-space is held, whether it is needed or not; and
 * old garbage is collected once it is as much as what is alive, where V8 would wait for up to three
 * times as much.
 */
const NODE_OPTIONS = ["--max-semi-space-size=8", "--heap-growing-percent=100"];

const LEASH = import.meta.resolve("./leash.ts");

export class ProgramLife {
  readonly #child: ChildProcess;
  /** Resolves with the first line on standard output; undefined when there was none. */
  readonly firstLine: Promise<string | undefined>;
  readonly exited: Promise<Exit>;
  #hasExited = false;

  /** Starts at once. */
  constructor(spec: ProgramSpec) {
    const log = openSync(spec.logFile, "a");
    try {
      const node = [
        process.execPath,
        ...NODE_OPTIONS,
        "--import",
        LEASH,
        spec.script,
        ...spec.args,
      ];
      const [command = "", ...args] = [...(spec.wrapper ?? []), ...node];
      this.#child = spawn(command, args, {
        // A group of its own: ^C reaches the demo alone, which then ends the programs in order.
        detached: true,
        stdio: ["ignore", "pipe", log, "pipe"],
      });
    } finally {
      closeSync(log);
    }
    // The leash carries nothing; that it breaks with the program is what it is for.
    this.#child.stdio[3]?.on("error", () => undefined);
    this.exited = this.#untilExit();
    this.firstLine = this.#untilFirstLine();
  }

  get pid(): number | undefined {
    return this.#hasExited ? undefined : this.#child.pid;
  }

  /** Signals the whole group: a program may have children of its own. */
  signal(signal: NodeJS.Signals): void {
    const pid = this.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      // Already gone, and `exited` is about to say so.
      if (!isNoSuchProcess(error)) throw error;
    }
  }

  #untilExit(): Promise<Exit> {
    return new Promise((resolve) => {
      const settle = (exit: Exit): void => {
        this.#hasExited = true;
        resolve(exit);
      };
      this.#child.once("error", () => settle({ code: null, signal: null }));
      this.#child.once("exit", (code, signal) => settle({ code, signal }));
    });
  }

  async #untilFirstLine(): Promise<string | undefined> {
    const output = this.#child.stdout;
    if (!output) return undefined;
    const lines = createInterface({ input: output });
    const first = await new Promise<string | undefined>((resolve) => {
      lines.once("line", resolve);
      lines.once("close", () => resolve(undefined));
    });
    lines.close();
    // What comes later is nobody's: reading on keeps the pipe from filling up.
    output.resume();
    return first;
  }
}

function isNoSuchProcess(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ESRCH";
}
