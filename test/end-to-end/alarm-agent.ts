/** A real agent with an oven whose temperature has a limit, for tests of whom it tells. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { connectAsync } from "mqtt";
import { onTestFinished } from "vitest";
import { tempFolder } from "#test/support/temp-folder.ts";

const run = promisify(execFile);

class RunningAgent {
  readonly #file: string;
  #process: ChildProcess | undefined;
  #mqttPort = 0;

  constructor(file: string) {
    this.#file = file;
  }

  async start(): Promise<void> {
    const args = ["agent/main.ts", "run", "--config", this.#file, "--json"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#process = child;
    const line = Promise.withResolvers<string>();
    createInterface({ input: child.stdout }).once("line", line.resolve);
    child.once("exit", (code) => line.reject(new Error(`the agent ended with ${code}`)));
    const { mqttPort }: { mqttPort: number } = JSON.parse(await line.promise);
    this.#mqttPort = mqttPort;
  }

  /** As a power cut does. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  /** Resolves when the reading, and what it led to, is on the disk. */
  async publish(temperature: number): Promise<void> {
    const client = await connectAsync({ host: "127.0.0.1", port: this.#mqttPort });
    await client.publishAsync("plant/oven-2", JSON.stringify({ temperature }), { qos: 1 });
    await client.endAsync();
  }

  /** The recipients of its file are others from now on. */
  tell(alarms: string): void {
    const text = readFileSync(this.#file, "utf8").replace(
      /^alarms:\n[^]*/m,
      `alarms:\n${alarms}\n`,
    );
    writeFileSync(this.#file, text);
    this.#process?.kill("SIGHUP");
  }

  async command(...args: string[]): Promise<string> {
    const argv = ["agent/main.ts", ...args, "--config", this.#file, "--json"];
    const { stdout } = await run(process.execPath, argv);
    return stdout;
  }
}

/** With these recipients of alarms, and these buses. */
export async function startAgent(alarms: string, buses = ""): Promise<RunningAgent> {
  const folder = await tempFolder();
  const file = join(folder, "gateway.yaml");
  writeFileSync(
    file,
    `version: 1
gateway: hall-3
log: error
buffer: { path: ${JSON.stringify(join(folder, "buffer"))} }
mqtt: { broker: { listen: "127.0.0.1:0" }, topics: [{ topic: "plant/{device}" }] }
http: { listen: "127.0.0.1:0" }
${buses}
devices:
  oven-2: { tags: { temperature: { unit: °C, limits: { hh: 240 } } }, detect: { auto: false } }
alarms:
${alarms}
`,
  );
  const agent = new RunningAgent(file);
  onTestFinished(() => agent.kill());
  await agent.start();
  return agent;
}
