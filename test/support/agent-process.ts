/** The real agent, as a process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(import.meta.resolve("#agent/main.ts"));

export interface AgentProcess {
  readonly mqttPort: number;
  readonly pid: number;
  /** As the kernel would, or a power cut but for what the disk has not got yet. */
  kill(): Promise<void>;
  /** As systemd would. */
  stop(): Promise<void>;
}

/** Resolves when it is ready for its devices. */
export async function startAgent(file: string): Promise<AgentProcess> {
  const child = spawn(process.execPath, [MAIN, "run", "--config", file, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const reader = createInterface({ input: child.stdout });
  const first = await Promise.race([once(reader, "line"), ended]);
  const [line] = first;
  if (typeof line !== "string") throw new Error(`the agent ended with ${String(line)}`);
  const { mqttPort, pid }: { mqttPort: number; pid: number } = JSON.parse(line);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  return { mqttPort, pid, kill: () => end("SIGKILL"), stop: () => end("SIGTERM") };
}
