import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface Child {
  process: ChildProcess;
  /** Lines of standard output so far. */
  lines: string[];
  kill(): Promise<void>;
}

/** Starts a script of this folder and waits for its first line. */
export async function holdBuffer(
  script: string,
  folder: string,
  ...args: string[]
): Promise<Child> {
  const child = spawn(process.execPath, [script, folder, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => lines.push(line));
  await once(reader, "line");
  return {
    process: child,
    lines,
    kill: async () => {
      const closed = once(reader, "close");
      child.kill("SIGKILL");
      await closed;
    },
  };
}
