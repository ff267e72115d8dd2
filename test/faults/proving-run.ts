/**
 * A whole run: start everything, produce, let the storm come, heal, drain, and hold the books
 * against what was rolled up.
 */
import { join } from "node:path";
import type { Clock } from "#core/clock.ts";
import { createRandom } from "#core/random.ts";
import { Plant } from "#sim/demo/plant.ts";
import { Ledger } from "#sim/ledger/ledger.ts";
import { fetchRollups } from "#sim/programs/rollups.ts";
import type { FaultsOptions } from "./command-line.ts";
import { drain } from "./drain.ts";
import { ExtraDevices } from "./extra-devices.ts";
import { bringAbout } from "./inject/injections.ts";
import type { Outcome } from "./outcome.ts";
import { plantDefect } from "./planted-defect.ts";
import type { RigPorts } from "./ports.ts";
import { Pulse } from "./pulse.ts";
import { readLanes } from "./read-lanes.ts";
import { Rig, type SharedDatabase } from "./rig.ts";
import { GATEWAY } from "./settings-files.ts";
import { sinkReport } from "./sink-report.ts";
import { Storm } from "./storm.ts";
import { StormLog } from "./storm-log.ts";
import { planStorm } from "./storm-plan.ts";
import { SuspectChunks } from "./suspect-chunks.ts";

export interface ProvingRunParts {
  clock: Clock;
  folder: string;
  ports: RigPorts;
  /** For two sinks; undefined where one sink keeps its own. */
  database: SharedDatabase | undefined;
  /** What people read meanwhile. */
  notice: (text: string) => void;
  /** What repeats the run. */
  command: string;
}

const UNITS = 4;
const CONNECTIONS = 10;
/** History of two days, and a day of storm. */
const MINUTES_MAX = 5000;
const CALM_BEFORE_MS = 3000;
const PROGRESS_EVERY_MS = 10_000;
const QUIESCE_MS = 120_000;

export class ProvingRun {
  readonly #options: FaultsOptions;
  readonly #parts: ProvingRunParts;
  readonly #ledger = new Ledger({ gateway: GATEWAY, minutesMax: MINUTES_MAX });
  readonly #plant: Plant;
  readonly #suspects = new SuspectChunks();
  readonly #extraDevices: ExtraDevices;
  readonly #log: StormLog;
  readonly #rig: Rig;
  readonly #pulse: Pulse;
  readonly #storm: Storm;
  readonly #ending = new AbortController();
  #phase = "starting";

  constructor(options: FaultsOptions, parts: ProvingRunParts) {
    this.#options = options;
    this.#parts = parts;
    const { seed, sensors, rateHz, kinds, kills, spacingMs, minutes } = options;
    const { clock, folder, ports } = parts;
    const random = createRandom(seed);
    this.#log = new StormLog(join(folder, "storm.jsonl"), clock);
    // A damaged buffer loses its counters, by which polled readings are judged.
    const units = kinds.some((kind) => kind.name === "corruption") ? 0 : UNITS;
    this.#plant = new Plant(
      { seed, sensors, rateHz, connections: CONNECTIONS, units, faultsPerHour: 0 },
      this.#ledger,
      clock,
    );
    this.#rig = new Rig(
      {
        folder,
        ports,
        hasOwnClock: kinds.some((kind) => kind.needs.includes("faketime")),
        database: parts.database,
        hasSmallDisks: kinds.some((kind) => kind.group === "full-disk"),
      },
      { clock, random: random.fork("restarts"), notice: (text) => this.#heard(text) },
    );
    this.#extraDevices = new ExtraDevices({
      ledger: this.#ledger,
      clock,
      random: random.fork("extra devices"),
    });
    this.#pulse = new Pulse({ rig: this.#rig, ledger: this.#ledger, clock });
    const plan = planStorm(
      { durationMs: minutes * 60_000, kinds, kills, spacingMs },
      random.fork("storm"),
    );
    const scene = {
      rig: this.#rig,
      pulse: this.#pulse,
      clock,
      extraDevices: this.#extraDevices,
      suspects: this.#suspects,
      ending: this.#ending.signal,
    };
    this.#storm = new Storm(plan, {
      clock,
      log: this.#log,
      begin: (fault) => bringAbout(scene, fault),
    });
  }

  /**
   * Runs until the storm is over or `finish` fires, then drains and compares.
   * @throws PenstockError PROGRAM_FAILED
   */
  async run(finish: AbortSignal): Promise<Outcome> {
    const { clock } = this.#parts;
    await this.#rig.start(await this.#plant.startPolled());
    await this.#plant.startPublishing(this.#rig.devicesPort);
    this.#extraDevices.start();
    this.#pulse.start();
    const progress = clock.every("progress", PROGRESS_EVERY_MS, () => this.#showProgress());
    try {
      const { failed } = this.#rig;
      this.#phase = "calm";
      await Promise.race([clock.sleep(CALM_BEFORE_MS, { name: "calm" }), failed]);
      const startMs = clock.monotonic();
      await Promise.race([this.#rage(finish), failed]);
      const minutes = (clock.monotonic() - startMs) / 60_000;
      return { ...(await Promise.race([this.#audit(), failed])), minutes };
    } finally {
      progress.cancel();
    }
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#pulse.stop();
    await Promise.all([this.#plant.stop(), this.#extraDevices.stop()]);
    await this.#rig.stop();
  }

  /** For the very last moment: no program outlives the machine. */
  destroy(): void {
    this.#rig.destroy();
  }

  async #rage(finish: AbortSignal): Promise<void> {
    this.#phase = "storm";
    const end = (): void => this.#ending.abort();
    finish.addEventListener("abort", end, { once: true });
    if (finish.aborted) end();
    await this.#storm.rage(this.#ending.signal);
    const scene = { rig: this.#rig, pulse: this.#pulse, clock: this.#parts.clock };
    for (const name of this.#options.defects) this.#heard(await plantDefect(name, scene));
  }

  async #audit(): Promise<Omit<Outcome, "minutes">> {
    const { clock, command } = this.#parts;
    this.#phase = "waiting for acknowledgements";
    const unacknowledged =
      (await this.#plant.quiesce(QUIESCE_MS)) + (await this.#untilExtraAreQuiet());
    if (unacknowledged > 0) this.#heard(`${unacknowledged} messages stay unacknowledged`);
    this.#phase = "draining";
    await this.#rig.stopPolling(this.#plant.watched());
    const isDrained = await drain(this.#pulse, clock);
    this.#phase = "comparing";
    const { explained, untold } = this.#explainLosses();
    const ledger = await this.#ledger.compare(
      fetchRollups(this.#rig.sinkUrl),
      this.#plant.polledSources(this.#pulse.agent?.storedBySource ?? {}),
    );
    return {
      seed: this.#options.seed,
      store: this.#options.store,
      faults: this.#storm.counts,
      kills: this.#rig.kills,
      crashes: this.#rig.crashes,
      ledger,
      explained,
      untold,
      sink: await sinkReport(this.#rig.sinkUrl),
      isDrained,
      command,
    };
  }

  /** What a damaged buffer lost, and told, is no longer owed; what it did not tell is. */
  #explainLosses(): { explained: number; untold: number } {
    if (this.#suspects.isEmpty) return { explained: 0, untold: 0 };
    const { messages, untold } = this.#suspects.losses(readLanes(this.#rig.storeFolder));
    let explained = 0;
    for (const message of messages) explained += this.#ledger.doubt(message);
    return { explained, untold };
  }

  /** Gives the number of their messages that stay unacknowledged. */
  async #untilExtraAreQuiet(): Promise<number> {
    const { clock } = this.#parts;
    const deadlineMs = clock.monotonic() + QUIESCE_MS;
    while (this.#extraDevices.unacknowledged > 0 && clock.monotonic() < deadlineMs) {
      await clock.sleep(50, { name: "extra devices" });
    }
    return this.#extraDevices.unacknowledged;
  }

  #heard(text: string): void {
    this.#log.notice(text);
    // A restart after a kill is what the storm is about; it stands in the log.
    if (!text.endsWith(" is back")) this.#parts.notice(text);
  }

  #showProgress(): void {
    const { done, planned } = this.#storm;
    const { acknowledged } = this.#ledger.totals();
    const kills = Object.values(this.#rig.kills).reduce((sum, times) => sum + times, 0);
    const { down } = this.#rig;
    const parts = [
      this.#phase,
      `faults ${done}/${planned}`,
      `kills ${kills}`,
      `acknowledged ${acknowledged}`,
      `committed ${this.#pulse.committed}`,
      `backlog ${this.#pulse.agent?.bufferSegments ?? "?"} segments`,
    ];
    if (down.length > 0) parts.push(`down: ${down.join(", ")}`);
    this.#parts.notice(parts.join(" · "));
  }
}
