/** Starts `hub-program.ts`, and waits for its first line. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const PROGRAM = fileURLToPath(new URL("hub-program.ts", import.meta.url));

const announcement = z.object({ connectionString: z.string(), port: z.number() });

export interface HubProcess {
  readonly child: ChildProcess;
  readonly connectionString: string;
  readonly port: number;
  /** Sends the signal and resolves with the exit code when the process is gone. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Options of the program's own command line; `--json` is added. */
export async function startHubProcess(args: readonly string[]): Promise<HubProcess> {
  const child = spawn(process.execPath, [PROGRAM, ...args, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const line = await firstLine(child);
  const { connectionString, port } = announcement.parse(JSON.parse(line));
  return {
    child,
    connectionString,
    port,
    async end(signal) {
      child.kill(signal);
      await exited;
      return child.exitCode;
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  let text = "";
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the hub ended with ${code}`)));
    child.stdout?.on("data", (part: Buffer) => {
      text += part.toString("utf8");
      const end = text.indexOf("\n");
      if (end >= 0) resolve(text.slice(0, end));
    });
  });
}
