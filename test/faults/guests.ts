/** Programs that join the rig for the time of a fault: agents on copied buffers, further sinks. */

import type { Random } from "#core/random.ts";
import type { ProgramSpec } from "#sim/programs/program-life.ts";
import { Supervisor, type SupervisorParts } from "#sim/programs/supervisor.ts";
import { ClonedAgent, type ClonedAgentSettings } from "./cloned-agent.ts";
import type { ProgramName } from "./fault-kind.ts";

const STOP_GRACE_MS = 15_000;

export class Guests {
  readonly #parts: SupervisorParts;
  readonly #clones: ClonedAgent[] = [];
  readonly #rivals: Supervisor[] = [];

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
  }

  /** @throws PenstockError PROGRAM_FAILED, PORT_UNAVAILABLE */
  async startClone(settings: ClonedAgentSettings, random: Random): Promise<ClonedAgent> {
    const clone = new ClonedAgent(settings, this.#parts, random);
    this.#clones.push(clone);
    await clone.start();
    return clone;
  }

  /** @throws PenstockError PROGRAM_FAILED */
  async startRival(spec: ProgramSpec): Promise<Supervisor> {
    const rival = new Supervisor(spec, this.#parts);
    this.#rivals.push(rival);
    await rival.start();
    return rival;
  }

  /** Those that are of one kind with the program, also those that are gone. */
  like(name: ProgramName): Supervisor[] {
    if (name === "sink") return this.#rivals;
    return name === "agent" ? this.#clones.flatMap(({ supervisor }) => supervisor ?? []) : [];
  }

  async stop(): Promise<void> {
    const all = [...this.like("agent"), ...this.like("sink")];
    await Promise.all(all.map((supervisor) => supervisor.stop(STOP_GRACE_MS)));
  }

  /** For the very last moment. */
  destroy(): void {
    for (const supervisor of [...this.like("agent"), ...this.like("sink")]) supervisor.destroy();
  }
}
