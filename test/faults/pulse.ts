/**
 * Feels whether data is on its way: asks agent, sink and hub a few times a second how far they are.
 * A program that is down shows its last figures.
 */
import { askHub } from "#cloud/hub/admin-client.ts";
import type { BrokerStat } from "#cloud/hub/hub-stat.ts";
import type { Clock } from "#core/clock.ts";
import type { Ledger } from "#sim/ledger/ledger.ts";
import { type AgentFigures, readAgent, readSink } from "#sim/programs/status.ts";
import type { ProgramName } from "./fault-kind.ts";
import type { Rig } from "./rig.ts";

const BEAT_MS = 250;
/** A program that has done nothing for so long has its reasons: another one is down. */
const WORK_WITHIN_MS = 10_000;

export interface PulseParts {
  rig: Rig;
  ledger: Ledger;
  clock: Clock;
}

export class Pulse {
  readonly #parts: PulseParts;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  agent: AgentFigures | undefined;
  /** Readings that the sink has committed. */
  committed = 0;

  constructor(parts: PulseParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running ??= this.#run();
    // Awaited by `stop`; until then a failure waits there.
    this.#running.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async beat(): Promise<void> {
    const { rig } = this.#parts;
    const [agent, ...sinks] = await Promise.all([
      readAgent(rig.agentUrl),
      ...rig.sinkUrls.map((url) => readSink(url)),
    ]);
    this.agent = agent ?? this.agent;
    // Sinks that share a database both tell its totals, and one may be behind.
    this.committed = Math.max(this.committed, ...sinks.map((sink) => sink?.committed ?? 0));
  }

  /** Resolves when the program is up; at once when the signal fires. */
  async untilUp(name: ProgramName, signal: AbortSignal): Promise<void> {
    const programs = this.#parts.rig.programs(name);
    while (!programs.every(({ isReady }) => isReady) && !signal.aborted) await this.#tick(signal);
  }

  /** Resolves when the program is up and data has passed it since, or for once could not. */
  async untilWorking(name: ProgramName, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    await this.untilUp(name, signal);
    const work = (): number =>
      name === "agent" ? this.#parts.ledger.totals().acknowledged : this.committed;
    const before = work();
    const deadlineMs = clock.monotonic() + WORK_WITHIN_MS;
    while (work() === before && clock.monotonic() < deadlineMs && !signal.aborted) {
      await this.#tick(signal);
    }
  }

  /** Nothing is on its way any more: the agent holds nothing, the sink has read the hub to its end. */
  async isDrained(): Promise<boolean> {
    const { rig } = this.#parts;
    await this.beat();
    if (rig.down.length > 0 || this.agent?.bufferSegments !== 0) return false;
    return await this.isHubRead();
  }

  /** The sink has committed all that the hub holds. */
  async isHubRead(): Promise<boolean> {
    const { rig } = this.#parts;
    const [ends, ...sinks] = await Promise.all([
      hubEnds(rig.hubFolder),
      ...rig.sinkUrls.map(sinkPositions),
    ]);
    if (!ends) return false;
    const readTo = (partition: string): number =>
      Math.max(...sinks.map((read) => read?.get(partition) ?? -1));
    return [...ends].every(([partition, last]) => readTo(partition) >= last);
  }

  async #tick(signal: AbortSignal): Promise<void> {
    await this.#parts.clock.sleep(20, { name: "pulse", signal }).catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.beat();
      await this.#parts.clock.sleep(BEAT_MS, { name: "pulse", signal }).catch(() => undefined);
    }
  }
}

/** The last sequence number of each partition. */
async function hubEnds(folder: string): Promise<ReadonlyMap<string, number> | undefined> {
  const answer = await askHub(folder, "GET", "/stat").catch(() => undefined);
  if (!answer?.ok) return undefined;
  const stat: BrokerStat = JSON.parse(answer.text);
  return new Map(
    stat.hubs.flatMap((hub) =>
      hub.partitions.map(({ partition, lastSequence }) => [`${partition}`, lastSequence] as const),
    ),
  );
}

interface SinkStatus {
  partitions: { id: string; sequenceNumber?: number }[];
}

/** How far the sink has committed, by partition. */
async function sinkPositions(baseUrl: string): Promise<ReadonlyMap<string, number> | undefined> {
  try {
    const response = await fetch(new URL("/api/status", baseUrl), {
      signal: AbortSignal.timeout(2000),
    });
    const status: SinkStatus = JSON.parse(await response.text());
    return new Map(status.partitions.map((state) => [state.id, state.sequenceNumber ?? -1]));
  } catch {
    // Down, or busy: the next look will tell.
    return undefined;
  }
}
