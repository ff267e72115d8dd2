/**
 * The system under test: hub, sink and agent as real processes, each restarted at once when it ends,
 * and every connection between them, and from the devices, through a link that can fail.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "#core/clock.ts";
import type { Random } from "#core/random.ts";
import type { ConfiguredDevices } from "#sim/demo/config-files.ts";
import { pickFreePorts } from "#sim/programs/free-ports.ts";
import type { ProgramSpec } from "#sim/programs/program-life.ts";
import { Supervisor } from "#sim/programs/supervisor.ts";
import { LinkProxy } from "#test/support/link-proxy.ts";
import type { ClonedAgent } from "./cloned-agent.ts";
import { type LinkName, linkNames, type ProgramName } from "./fault-kind.ts";
import { GatewayClock } from "./gateway-clock.ts";
import { Guests } from "./guests.ts";
import type { RigPorts } from "./ports.ts";
import { hubArgs, specOf } from "./program-specs.ts";
import { writeGatewayFile, writeSinkFile } from "./settings-files.ts";
import { SmallDisks } from "./small-disks.ts";

export interface RigSettings {
  folder: string;
  ports: RigPorts;
  /** The agent sees a clock of its own, which can step. */
  hasOwnClock: boolean;
  /** Each program has a small disk of its own, which can be filled. */
  hasSmallDisks: boolean;
  /** Two sinks share it; without it, one sink keeps its own. */
  database: SharedDatabase | undefined;
}

export interface SharedDatabase {
  url: string;
  halt(signal: "SIGINT" | "SIGQUIT"): Promise<void>;
  resume(): Promise<void>;
}

export interface RigParts {
  clock: Clock;
  random: Random;
  notice: (text: string) => void;
}

/** Of the hub, as it is made first. */
const PARTITIONS = 8;
const HOST = "127.0.0.1";
const STOP_GRACE_MS = 15_000;
/** The storm is about restarts, not about waiting for them. */
const RESTART = { firstMs: 50, maxMs: 2000 };

export class Rig {
  readonly #settings: RigSettings;
  readonly #parts: RigParts;
  readonly links: Readonly<Record<LinkName, LinkProxy>>;
  readonly gatewayClock: GatewayClock;
  readonly #disks: SmallDisks;
  /** Several where the name has a number after it: `sink`, `sink-2`. */
  readonly #programs = new Map<string, Supervisor>();
  readonly #guests: Guests;
  readonly #hubSpec: ProgramSpec;
  #partitions = PARTITIONS;
  #hubConnection = "";

  constructor(settings: RigSettings, parts: RigParts) {
    this.#settings = settings;
    this.#parts = parts;
    const { folder, ports } = settings;
    const { clock } = parts;
    this.links = {
      devices: new LinkProxy({ port: ports.links.devices, targetPort: ports.mqtt }, clock),
      uplink: new LinkProxy({ port: ports.links.uplink, targetPort: ports.hub }, clock),
      feed: new LinkProxy({ port: ports.links.feed, targetPort: ports.hub }, clock),
    };
    this.gatewayClock = new GatewayClock(join(folder, "gateway-clock"));
    this.#disks = new SmallDisks(folder);
    this.#guests = new Guests({ ...parts, restart: RESTART });
    this.#hubSpec = specOf({ name: "hub", folder, script: "cloud/main.ts", args: this.#hubArgs() });
  }

  /** @throws PenstockError PROGRAM_FAILED */
  async start(devices: ConfiguredDevices): Promise<void> {
    const { folder, ports, hasOwnClock, hasSmallDisks } = this.#settings;
    await mkdir(join(folder, "logs"), { recursive: true });
    if (hasSmallDisks) await this.#disks.mount();
    if (hasOwnClock) this.gatewayClock.setOffset(0);
    for (const name of linkNames) await this.links[name].start();
    this.#hubConnection = connectionStringIn(await this.#start("hub", this.#hubSpec));
    await this.#writeGateway(devices);
    const agentArgs = ["run", "--config", join(folder, "gateway.yaml"), "--json"];
    const environment = hasOwnClock ? this.gatewayClock.environment : [];
    const agent = {
      name: "agent",
      folder,
      script: "agent/main.ts",
      args: agentArgs,
      environment,
    } as const;
    await Promise.all([
      this.#start("agent", specOf(agent)),
      ...this.#sinkNames().map(async (name, index) =>
        this.#start(name, await this.#sinkSpec(name, ports.sinksHttp[index] ?? 0)),
      ),
    ]);
  }

  /** Starts the agent anew without anything to poll: its counters then stand still. */
  async stopPolling(devices: ConfiguredDevices["devices"]): Promise<void> {
    await this.#writeGateway({ buses: {}, devices });
    await this.program("agent").restart(STOP_GRACE_MS);
  }

  /** A second agent on a copied buffer, in a folder of its own. */
  async startClone(folder: string, random: Random): Promise<ClonedAgent> {
    const connectionString = this.#through("uplink");
    const runFolder = this.#settings.folder;
    return await this.#guests.startClone({ runFolder, folder, connectionString }, random);
  }

  /** A third sink on the shared database, which takes its share of the partitions. */
  async startRival(random: Random): Promise<Supervisor> {
    const [port = 0] = await pickFreePorts(1, random);
    return await this.#guests.startRival(await this.#sinkSpec("rival", port));
  }

  program(name: ProgramName): Supervisor {
    const supervisor = this.#programs.get(name);
    if (!supervisor) throw new Error(`${name} was not started`);
    return supervisor;
  }

  /** All that run under the name: there may be two sinks. */
  programs(name: ProgramName): Supervisor[] {
    return [...this.#programs.values()].filter((program) => program.name.startsWith(name));
  }

  get database(): SharedDatabase {
    const { database } = this.#settings;
    if (!database) throw new Error("there is no shared database");
    return database;
  }

  disk(name: ProgramName): ReturnType<SmallDisks["of"]> {
    return this.#disks.of(name);
  }

  get hubFolder(): string {
    return join(this.#settings.folder, "hub");
  }

  get bufferFolder(): string {
    return join(this.#settings.folder, "agent");
  }

  /** Of the sink's own database. */
  get storeFolder(): string {
    return join(this.#settings.folder, "sink");
  }

  get cloneFolder(): string {
    return join(this.#settings.folder, "clones");
  }

  get partitions(): number {
    return this.#partitions;
  }

  /** Of the hub, from its next start on; it must have no data then. */
  set partitions(partitions: number) {
    this.#partitions = partitions;
    this.#hubSpec.args = this.#hubArgs();
  }

  /** To the hub itself, past all links. */
  get hubConnection(): string {
    return this.#hubConnection;
  }

  get agentUrl(): string {
    return `http://${HOST}:${this.#settings.ports.agentHttp}/`;
  }

  get sinkUrls(): string[] {
    const { sinksHttp } = this.#settings.ports;
    return this.#sinkNames().map((_name, index) => `http://${HOST}:${sinksHttp[index] ?? 0}/`);
  }

  /** Of the first one. */
  get sinkUrl(): string {
    return this.sinkUrls[0] ?? "";
  }

  /** Where the devices connect to. */
  get devicesPort(): number {
    return this.links.devices.port;
  }

  /** Programs that are not ready at this moment. */
  get down(): string[] {
    return [...this.#programs.values()].filter(({ isReady }) => !isReady).map(({ name }) => name);
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

  /** The agents first, so that they can still send what they hold; the hub last. */
  async stop(): Promise<void> {
    await this.#guests.stop();
    for (const name of ["agent", "sink", "hub"] as const) {
      await Promise.all(this.programs(name).map((program) => program.stop(STOP_GRACE_MS)));
    }
    for (const name of linkNames) await this.links[name].stop();
    await this.#disks.unmount();
  }

  /** For the very last moment: ends everything without waiting. */
  destroy(): void {
    this.#guests.destroy();
    for (const supervisor of this.#programs.values()) supervisor.destroy();
    this.#disks.abandon();
  }

  async #start(name: string, spec: ProgramSpec): Promise<string> {
    const supervisor = new Supervisor(spec, { ...this.#parts, restart: RESTART });
    this.#programs.set(name, supervisor);
    return await supervisor.start();
  }

  #hubArgs(): string[] {
    const { port, dataFolder } = { port: this.#settings.ports.hub, dataFolder: this.hubFolder };
    return hubArgs({ port, dataFolder, partitions: this.#partitions });
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

  #sinkNames(): string[] {
    return this.#settings.database ? ["sink", "sink-2"] : ["sink"];
  }

  async #sinkSpec(name: string, httpPort: number): Promise<ProgramSpec> {
    const { folder, database } = this.#settings;
    const file = join(folder, `${name}.yaml`);
    const store = database ? { postgres: database.url } : { sqlite: this.storeFolder };
    await writeSinkFile(file, { connectionString: this.#through("feed"), store, httpPort });
    const args = ["sink", "--config", file, "--json"];
    return specOf({ name, folder, script: "cloud/main.ts", args });
  }

  /** Over all that run, or ran, under each name, guests included. */
  #figures(figure: (supervisor: Supervisor) => number): Record<ProgramName, number> {
    const sum = (name: ProgramName): number =>
      [...this.programs(name), ...this.#guests.like(name)].reduce(
        (total, supervisor) => total + figure(supervisor),
        0,
      );
    return { agent: sum("agent"), hub: sum("hub"), sink: sum("sink") };
  }
}

function connectionStringIn(line: string): string {
  const { connectionString }: { connectionString?: unknown } = JSON.parse(line);
  if (typeof connectionString !== "string") throw new Error(`no connection string in: ${line}`);
  return connectionString;
}
