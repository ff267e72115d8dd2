/**
 * The system under test: hub, sink and agent as real processes, each restarted at once when it ends,
 * and every connection between them, and from the devices, through a link that can fail.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Clock } from "#core/clock.ts";
import type { Random } from "#core/random.ts";
import type { ConfiguredDevices } from "#sim/demo/config-files.ts";
import type { ProgramSpec } from "#sim/programs/program-life.ts";
import { Supervisor } from "#sim/programs/supervisor.ts";
import { LinkProxy } from "#test/support/link-proxy.ts";
import { type LinkName, linkNames, type ProgramName, programNames } from "./fault-kind.ts";
import { COPY_GROUP } from "./hub-copyist.ts";
import type { RigPorts } from "./ports.ts";
import { HUB_NAME, writeGatewayFile, writeSinkFile } from "./settings-files.ts";

export interface RigSettings {
  folder: string;
  ports: RigPorts;
}

export interface RigParts {
  clock: Clock;
  random: Random;
  notice: (text: string) => void;
}

/** Of the hub, as it is made first. */
export const PARTITIONS = 8;
const HOST = "127.0.0.1";
const STOP_GRACE_MS = 15_000;
/** The storm is about restarts, not about waiting for them. */
const RESTART = { firstMs: 50, maxMs: 2000 };

export class Rig {
  readonly #settings: RigSettings;
  readonly #parts: RigParts;
  readonly links: Readonly<Record<LinkName, LinkProxy>>;
  readonly #programs = new Map<ProgramName, Supervisor>();
  #hubConnection = "";

  constructor(settings: RigSettings, parts: RigParts) {
    this.#settings = settings;
    this.#parts = parts;
    const { ports } = settings;
    const { clock } = parts;
    this.links = {
      devices: new LinkProxy({ port: ports.links.devices, targetPort: ports.mqtt }, clock),
      uplink: new LinkProxy({ port: ports.links.uplink, targetPort: ports.hub }, clock),
      feed: new LinkProxy({ port: ports.links.feed, targetPort: ports.hub }, clock),
    };
  }

  /** @throws PenstockError PROGRAM_FAILED */
  async start(devices: ConfiguredDevices): Promise<void> {
    const { folder, ports } = this.#settings;
    await mkdir(join(folder, "logs"), { recursive: true });
    for (const name of linkNames) await this.links[name].start();
    const hubArgs = ["--port", `${ports.hub}`, "--data", this.hubFolder, "--hub", HUB_NAME];
    const shape = ["--partitions", `${PARTITIONS}`, "--group", COPY_GROUP, "--json"];
    const line = await this.#start("hub", "cloud/main.ts", ["hub", ...hubArgs, ...shape]);
    this.#hubConnection = connectionStringIn(line);
    await writeSinkFile(join(folder, "sink.yaml"), {
      connectionString: this.#through("feed"),
      storeFolder: join(folder, "sink"),
      httpPort: ports.sinkHttp,
    });
    await this.#writeGateway(devices);
    const sinkArgs = ["sink", "--config", join(folder, "sink.yaml"), "--json"];
    const agentArgs = ["run", "--config", join(folder, "gateway.yaml"), "--json"];
    await Promise.all([
      this.#start("sink", "cloud/main.ts", sinkArgs),
      this.#start("agent", "agent/main.ts", agentArgs),
    ]);
  }

  /** Starts the agent anew without anything to poll: its counters then stand still. */
  async stopPolling(devices: ConfiguredDevices["devices"]): Promise<void> {
    await this.#writeGateway({ buses: {}, devices });
    await this.program("agent").restart(STOP_GRACE_MS);
  }

  program(name: ProgramName): Supervisor {
    const supervisor = this.#programs.get(name);
    if (!supervisor) throw new Error(`${name} was not started`);
    return supervisor;
  }

  get hubFolder(): string {
    return join(this.#settings.folder, "hub");
  }

  get bufferFolder(): string {
    return join(this.#settings.folder, "agent");
  }

  /** To the hub itself, past all links. */
  get hubConnection(): string {
    return this.#hubConnection;
  }

  get agentUrl(): string {
    return `http://${HOST}:${this.#settings.ports.agentHttp}/`;
  }

  get sinkUrl(): string {
    return `http://${HOST}:${this.#settings.ports.sinkHttp}/`;
  }

  /** Where the devices connect to. */
  get devicesPort(): number {
    return this.links.devices.port;
  }

  /** Programs that are not ready at this moment. */
  get down(): ProgramName[] {
    return programNames.filter((name) => !this.program(name).isReady);
  }

  get kills(): Record<ProgramName, number> {
    return this.#figures((supervisor) => supervisor.kills);
  }

  /** Ends that nobody asked for. */
  get crashes(): Record<ProgramName, number> {
    return this.#figures((supervisor) => supervisor.crashes);
  }

  /** Rejects as soon as one of the programs is given up. */
  get failed(): Promise<never> {
    return Promise.race([...this.#programs.values()].map((supervisor) => supervisor.failed));
  }

  /** The agent first, so that it can still send what it holds; the hub last. */
  async stop(): Promise<void> {
    for (const name of ["agent", "sink", "hub"] as const) {
      await this.#programs.get(name)?.stop(STOP_GRACE_MS);
    }
    for (const name of linkNames) await this.links[name].stop();
  }

  /** For the very last moment: ends everything without waiting. */
  destroy(): void {
    for (const supervisor of this.#programs.values()) supervisor.destroy();
  }

  async #start(name: ProgramName, script: string, args: readonly string[]): Promise<string> {
    const root = new URL("../../", import.meta.url);
    const spec: ProgramSpec = {
      name,
      script: fileURLToPath(new URL(script, root)),
      args,
      logFile: join(this.#settings.folder, "logs", `${name}.log`),
      // Compiling anew at each of a thousand starts would take most of the machine.
      wrapper: ["env", `NODE_COMPILE_CACHE=${join(this.#settings.folder, "compiled")}`],
    };
    const supervisor = new Supervisor(spec, { ...this.#parts, restart: RESTART });
    this.#programs.set(name, supervisor);
    return await supervisor.start();
  }

  async #writeGateway(devices: ConfiguredDevices): Promise<void> {
    const { folder, ports } = this.#settings;
    await writeGatewayFile(join(folder, "gateway.yaml"), {
      connectionString: this.#through("uplink"),
      bufferFolder: this.bufferFolder,
      mqttPort: ports.mqtt,
      httpPort: ports.agentHttp,
      devices,
    });
  }

  /** The hub's connection string, with the link's port. */
  #through(link: LinkName): string {
    const { hub } = this.#settings.ports;
    return this.#hubConnection.replace(`:${hub};`, `:${this.links[link].port};`);
  }

  #figures(figure: (supervisor: Supervisor) => number): Record<ProgramName, number> {
    const of = (name: ProgramName): number => figure(this.program(name));
    return { agent: of("agent"), hub: of("hub"), sink: of("sink") };
  }
}

function connectionStringIn(line: string): string {
  const { connectionString }: { connectionString?: unknown } = JSON.parse(line);
  if (typeof connectionString !== "string") throw new Error(`no connection string in: ${line}`);
  return connectionString;
}
