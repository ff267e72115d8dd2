/**
 * Hub, sink and agent as processes of their own, each at ports that it keeps over restarts.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PenstockError } from "#core/errors.ts";
import type { Random } from "#core/random.ts";
import { pickFreePorts } from "../programs/free-ports.ts";
import { UsageMeter } from "../programs/process-usage.ts";
import { Supervisor, type SupervisorParts } from "../programs/supervisor.ts";
import type { FixedPorts } from "./command-line.ts";
import { type ConfiguredDevices, gatewayYaml, HUB_NAME, sinkYaml } from "./config-files.ts";

export interface ProgramsSettings {
  dataDir: string;
  ports: FixedPorts;
  partitions: number;
}

export interface Ports {
  hub: number;
  sink: number;
  agent: number;
  mqtt: number;
}

export interface RunningProgram {
  supervisor: Supervisor;
  usage: UsageMeter;
}

export const programNames = ["hub", "sink", "agent"] as const;

export type ProgramName = (typeof programNames)[number];

const HOST = "127.0.0.1";
const STOP_GRACE_MS = 10_000;

export class Programs {
  readonly #settings: ProgramsSettings;
  readonly #parts: SupervisorParts;
  readonly #random: Random;
  readonly #running = new Map<ProgramName, RunningProgram>();
  #connectionString = "";
  #ports: Ports = { hub: 0, sink: 0, agent: 0, mqtt: 0 };

  constructor(settings: ProgramsSettings, parts: SupervisorParts, random: Random) {
    this.#settings = settings;
    this.#parts = parts;
    this.#random = random;
  }

  /**
   * Writes the two configuration files and starts the programs; resolves when all are ready.
   * @throws PenstockError PROGRAM_FAILED, PORT_UNAVAILABLE
   */
  async start(devices: ConfiguredDevices): Promise<void> {
    const { dataDir, ports, partitions } = this.#settings;
    const [hub = 0, sink = 0, agent = 0, mqtt = 0] = await pickFreePorts(4, this.#random);
    this.#ports = {
      hub: ports.hub ?? hub,
      sink: ports.sink ?? sink,
      agent: ports.agent ?? agent,
      mqtt: ports.mqtt ?? mqtt,
    };
    await mkdir(join(dataDir, "logs"), { recursive: true });
    const hubArgs = ["--port", String(this.#ports.hub), "--data", join(dataDir, "hub")];
    const shape = ["--partitions", String(partitions), "--hub", HUB_NAME];
    const line = await this.#start("hub", "cloud/main.ts", ["hub", ...hubArgs, ...shape, "--json"]);
    this.#connectionString = connectionStringIn(line);
    const sinkFile = await this.#writeSinkFile();
    const gatewayFile = await this.#writeGatewayFile(devices);
    await Promise.all([
      this.#start("sink", "cloud/main.ts", ["sink", "--config", sinkFile, "--json"]),
      this.#start("agent", "agent/main.ts", ["run", "--config", gatewayFile, "--json"]),
    ]);
  }

  /** Starts the agent anew, without anything to poll: its counters then stand still. `devices` are the others. */
  async stopPolling(devices: ConfiguredDevices["devices"]): Promise<void> {
    await this.#writeGatewayFile({ buses: {}, devices });
    this.sampleUsage();
    await this.#running.get("agent")?.supervisor.restart(STOP_GRACE_MS);
  }

  get sinkUrl(): string {
    return `http://${HOST}:${this.#ports.sink}/`;
  }

  get agentUrl(): string {
    return `http://${HOST}:${this.#ports.agent}/`;
  }

  /** Of the hub, with a key for all rights. */
  get connectionString(): string {
    return this.#connectionString;
  }

  get mqttPort(): number {
    return this.#ports.mqtt;
  }

  /** Programs that are not ready at this moment. */
  get down(): string[] {
    return programNames.filter((name) => !this.#running.get(name)?.supervisor.isReady);
  }

  /** Ends of programs by `kill`. */
  get kills(): number {
    return this.#sum((supervisor) => supervisor.kills);
  }

  /** Ends of programs that nobody asked for. */
  get crashes(): number {
    return this.#sum((supervisor) => supervisor.crashes);
  }

  /** Rejects as soon as one of the programs is given up. */
  get failed(): Promise<never> {
    return Promise.race([...this.#running.values()].map(({ supervisor }) => supervisor.failed));
  }

  usageOf(name: ProgramName): UsageMeter {
    return this.#running.get(name)?.usage ?? new UsageMeter();
  }

  sampleUsage(): void {
    for (const { supervisor, usage } of this.#running.values()) usage.take(supervisor.pid);
  }

  /** What was used up to now was the start. */
  markUsage(): void {
    this.sampleUsage();
    for (const { usage } of this.#running.values()) usage.mark();
  }

  async kill(name: ProgramName): Promise<void> {
    // The CPU of the life that ends is known only as long as it lives.
    this.sampleUsage();
    await this.#running.get(name)?.supervisor.kill();
  }

  /** The agent first, so that it can still send what it holds; the hub last. */
  async stop(): Promise<void> {
    for (const name of ["agent", "sink", "hub"] as const) {
      await this.#running.get(name)?.supervisor.stop(STOP_GRACE_MS);
    }
  }

  /** For the very last moment: ends everything without waiting. */
  destroy(): void {
    for (const { supervisor } of this.#running.values()) supervisor.destroy();
  }

  async #start(name: ProgramName, script: string, args: readonly string[]): Promise<string> {
    const root = new URL("../../", import.meta.url);
    const { dataDir } = this.#settings;
    const supervisor = new Supervisor(
      {
        name,
        script: fileURLToPath(new URL(script, root)),
        args,
        logFile: join(dataDir, "logs", `${name}.log`),
        // What Node compiles goes with everything else of the run.
        wrapper: ["env", `NODE_COMPILE_CACHE=${join(dataDir, "compiled")}`],
      },
      this.#parts,
    );
    this.#running.set(name, { supervisor, usage: new UsageMeter() });
    return await supervisor.start();
  }

  async #writeSinkFile(): Promise<string> {
    const { dataDir } = this.#settings;
    const text = sinkYaml({
      connectionString: this.#connectionString,
      storeDir: join(dataDir, "sink"),
      httpPort: this.#ports.sink,
    });
    return await writePrivate(join(dataDir, "sink.yaml"), text);
  }

  async #writeGatewayFile(devices: ConfiguredDevices): Promise<string> {
    const { dataDir } = this.#settings;
    const text = gatewayYaml({
      connectionString: this.#connectionString,
      bufferDir: join(dataDir, "agent"),
      mqttPort: this.#ports.mqtt,
      httpPort: this.#ports.agent,
      devices,
    });
    return await writePrivate(join(dataDir, "gateway.yaml"), text);
  }

  #sum(figure: (supervisor: Supervisor) => number): number {
    let sum = 0;
    for (const { supervisor } of this.#running.values()) sum += figure(supervisor);
    return sum;
  }
}

/** Both files hold the hub's key. */
async function writePrivate(file: string, text: string): Promise<string> {
  await writeFile(file, text, { mode: 0o600 });
  return file;
}

function connectionStringIn(line: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    parsed = undefined;
  }
  if (typeof parsed === "object" && parsed !== null && "connectionString" in parsed) {
    return String(parsed.connectionString);
  }
  throw new PenstockError(
    "PROGRAM_FAILED",
    `the hub's first line has no connection string: ${line}`,
  );
}
