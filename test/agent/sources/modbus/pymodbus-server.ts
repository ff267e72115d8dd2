import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface PymodbusUnit {
  /** Address from 0, type, order, value: encoded by pymodbus. */
  registers?: [address: number, type: string, order: string, value: number | string][];
  words?: [address: number, words: number[]][];
  coils?: boolean[];
  discretes?: boolean[];
}

/** A server of pymodbus in a process of its own. */
export class PymodbusServer {
  readonly port: number;
  readonly #process: ChildProcess;

  constructor(port: number, process: ChildProcess) {
    this.port = port;
    this.#process = process;
  }

  static async start(
    units: Record<number, PymodbusUnit>,
    framing: "tcp" | "rtu" | "ascii" = "tcp",
  ): Promise<PymodbusServer> {
    const script = fileURLToPath(new URL("pymodbus-server.py", import.meta.url));
    const child = spawn("/usr/bin/python3", [script], { stdio: ["pipe", "pipe", "inherit"] });
    child.stdin.write(`${JSON.stringify({ framing, units })}\n`);
    const [line]: unknown[] = await once(child.stdout, "data");
    return new PymodbusServer(Number(String(line).trim()), child);
  }

  async stop(): Promise<void> {
    const exited = once(this.#process, "exit");
    this.#process.kill();
    await exited;
  }
}
