/**
 * Lets a planned storm happen. A fault begins at its time, but not before the earlier faults that
 * hold something of its own have healed, and not before its targets are up again: on a slow machine
 * the same faults come in the same order, only later.
 */
import type { Clock } from "#core/clock.ts";
import { isAbort } from "#core/errors.ts";
import type { Resource } from "./fault-kind.ts";
import type { Injected } from "./inject/injection.ts";
import type { StormLog } from "./storm-log.ts";
import type { PlannedFault } from "./storm-plan.ts";

export interface StormParts {
  clock: Clock;
  log: Pick<StormLog, "fault">;
  /** Brings a fault about; resolves when it is under way. */
  begin: (fault: PlannedFault) => Promise<Injected>;
}

export class Storm {
  readonly #plan: readonly PlannedFault[];
  readonly #parts: StormParts;
  readonly #begun = new Map<string, number>();
  #startMs = 0;
  #done = 0;

  constructor(plan: readonly PlannedFault[], parts: StormParts) {
    this.#plan = plan;
    this.#parts = parts;
  }

  get planned(): number {
    return this.#plan.length;
  }

  /** Faults that have begun and healed, or were left out. */
  get done(): number {
    return this.#done;
  }

  /** Faults that came about, by kind. */
  get counts(): Record<string, number> {
    return Object.fromEntries([...this.#begun].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  /**
   * Resolves when all faults have healed. Once `ending` fires no fault begins, and those that last
   * are healed at once. Rejects where a fault could not be brought about or undone.
   */
  async rage(ending: AbortSignal): Promise<void> {
    this.#startMs = this.#parts.clock.monotonic();
    const last = new Map<Resource, Promise<void>>();
    const all = this.#plan.map((fault) => {
      const before = fault.kind.holds.map((resource) => last.get(resource) ?? Promise.resolve());
      const turn = this.#takeTurn(fault, before, ending);
      for (const resource of fault.kind.holds) last.set(resource, turn);
      return turn;
    });
    await Promise.all(all);
  }

  async #takeTurn(
    fault: PlannedFault,
    before: readonly Promise<void>[],
    ending: AbortSignal,
  ): Promise<void> {
    const { clock, log } = this.#parts;
    await Promise.all(before);
    await this.#sleep(this.#startMs + fault.atMs - clock.monotonic(), ending);
    if (ending.aborted) {
      log.fault(fault, "left out", "the storm was over");
    } else {
      await this.#happen(fault, ending);
    }
    this.#done += 1;
  }

  async #happen(fault: PlannedFault, ending: AbortSignal): Promise<void> {
    const { log, begin } = this.#parts;
    const { name } = fault.kind;
    const { what, heal } = await begin(fault);
    this.#begun.set(name, (this.#begun.get(name) ?? 0) + 1);
    log.fault(fault, "begins", what);
    if (!heal) return;
    await this.#sleep(fault.forMs, ending);
    log.fault(fault, "healed", (await heal()) ?? "");
  }

  async #sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#parts.clock.sleep(Math.max(0, delayMs), { name: "storm", signal });
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }
}
