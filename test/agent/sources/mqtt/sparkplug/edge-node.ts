/** An edge node of Sparkplug that nobody here wrote: Debian's paho and protobuf, and a little glue. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { type Peer, paho } from "#test/support/peer.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";

export const sparkplugPeers: readonly Peer[] = [
  { probe: ["which", "protoc"], debianPackage: "protobuf-compiler" },
  paho,
  {
    probe: ["/usr/bin/python3", "-c", "import google.protobuf"],
    debianPackage: "python3-protobuf",
  },
];

const HERE = import.meta.dirname;

export interface Heard {
  topic: string;
  payload: {
    online?: boolean;
    timestamp?: number;
    metrics?: { name: string; booleanValue?: boolean; datatype?: number }[];
  };
}

export class PythonEdgeNode {
  readonly heard: Heard[] = [];
  readonly #process: ChildProcess;
  #sent = 0;
  #done = 0;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  static async start(): Promise<PythonEdgeNode> {
    const folder = await tempFolder();
    execFileSync("protoc", [`--python_out=${folder}`, `-I${HERE}`, "sparkplug-b.proto"]);
    const child = spawn("/usr/bin/python3", [join(HERE, "edge-node.py"), folder], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const node = new PythonEdgeNode(child);
    createInterface({ input: child.stdout }).on("line", (line) => node.#hear(line));
    onTestFinished(() => void child.kill());
    return node;
  }

  /** Resolves when the node has done it. */
  async do(command: Record<string, unknown>): Promise<void> {
    this.#process.stdin?.write(`${JSON.stringify(command)}\n`);
    this.#sent += 1;
    await until(() => this.#done === this.#sent);
  }

  /** Ends without a word, so that its broker says its will. */
  kill(): void {
    this.#process.kill("SIGKILL");
  }

  #hear(line: string): void {
    const message: Heard | { done: number } = JSON.parse(line);
    if ("done" in message) this.#done += 1;
    else this.heard.push(message);
  }
}
