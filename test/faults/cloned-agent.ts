/** A second agent under the gateway's name: on a copy of its buffer, as if on another machine. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "#core/random.ts";
import { pickFreePorts } from "#sim/programs/free-ports.ts";
import { readAgent } from "#sim/programs/status.ts";
import { Supervisor, type SupervisorParts } from "#sim/programs/supervisor.ts";
import { onMachine, specOf } from "./program-specs.ts";
import { writeGatewayFile } from "./settings-files.ts";

export interface ClonedAgentSettings {
  /** Of the whole run. */
  runFolder: string;
  /** Of this clone; the copied buffer is in `buffer`. */
  folder: string;
  connectionString: string;
}

const MACHINE_ID_DIGITS = 32;
const STOP_GRACE_MS = 15_000;

export class ClonedAgent {
  readonly #settings: ClonedAgentSettings;
  readonly #parts: SupervisorParts;
  readonly #random: Random;
  #supervisor: Supervisor | undefined;
  #httpPort = 0;
  mqttPort = 0;

  constructor(settings: ClonedAgentSettings, parts: SupervisorParts, random: Random) {
    this.#settings = settings;
    this.#parts = parts;
    this.#random = random;
  }

  get supervisor(): Supervisor | undefined {
    return this.#supervisor;
  }

  /** @throws PenstockError PROGRAM_FAILED, PORT_UNAVAILABLE */
  async start(): Promise<void> {
    const { runFolder, folder, connectionString } = this.#settings;
    const [mqttPort = 0, httpPort = 0] = await pickFreePorts(2, this.#random);
    this.mqttPort = mqttPort;
    this.#httpPort = httpPort;
    const machineFile = join(folder, "machine-id");
    await writeFile(machineFile, `${this.#machineId()}\n`);
    const config = join(folder, "gateway.yaml");
    const bufferFolder = join(folder, "buffer");
    const devices = { buses: {}, devices: {} };
    await writeGatewayFile(config, { connectionString, bufferFolder, mqttPort, httpPort, devices });
    this.#supervisor = new Supervisor(
      specOf({
        name: "clone",
        folder: runFolder,
        script: "agent/main.ts",
        args: ["run", "--config", config, "--json"],
        wrapper: onMachine(machineFile),
      }),
      this.#parts,
    );
    await this.#supervisor.start();
  }

  /** Everything that it held has been confirmed. */
  async isEmpty(): Promise<boolean> {
    const figures = await readAgent(`http://127.0.0.1:${this.#httpPort}/`);
    return figures?.bufferSegments === 0;
  }

  async stop(): Promise<void> {
    await this.#supervisor?.stop(STOP_GRACE_MS);
  }

  #machineId(): string {
    const digits = Array.from({ length: MACHINE_ID_DIGITS }, () => this.#random.int(16));
    return digits.map((digit) => digit.toString(16)).join("");
  }
}
