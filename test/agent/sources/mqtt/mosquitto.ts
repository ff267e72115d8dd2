/** Debian's mosquitto as an outside broker on a free port of the loopback. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { freePort } from "#test/support/free-port.ts";
import { until } from "#test/support/until.ts";

export class Mosquitto {
  readonly port: number;
  readonly #configPath: string;
  #process: ChildProcess | undefined;

  private constructor(port: number, configPath: string) {
    this.port = port;
    this.#configPath = configPath;
  }

  /** `folder` holds its configuration, and what it keeps over a restart. */
  static async start(folder: string, lines: readonly string[] = []): Promise<Mosquitto> {
    const port = await freePort();
    const configPath = join(folder, "mosquitto.conf");
    const config = [
      `listener ${port} 127.0.0.1`,
      "allow_anonymous true",
      // As root it would become a user who may not write to the folder.
      "user root",
      "persistence true",
      `persistence_location ${folder}/`,
      "log_dest none",
      ...lines,
    ];
    writeFileSync(configPath, `${config.join("\n")}\n`);
    const broker = new Mosquitto(port, configPath);
    await broker.run();
    return broker;
  }

  /** Again, after `stop`. */
  async run(): Promise<void> {
    this.#process = spawn("/usr/sbin/mosquitto", ["-c", this.#configPath], { stdio: "ignore" });
    await until(() => isListening(this.port));
  }

  /** From now on it neither reads nor closes anything, as behind a cut cable. */
  freeze(): void {
    this.#process?.kill("SIGSTOP");
  }

  /** Killed, it says no wills of its clients any more. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const process = this.#process;
    if (!process || process.exitCode !== null || process.signalCode !== null) return;
    const exited = once(process, "exit");
    process.kill(signal);
    // One that is frozen is to end as well.
    process.kill("SIGCONT");
    await exited;
  }
}

async function isListening(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, "127.0.0.1");
  socket.once("connect", () => resolve(true));
  socket.once("error", () => resolve(false));
  const result = await promise;
  socket.destroy();
  return result;
}
