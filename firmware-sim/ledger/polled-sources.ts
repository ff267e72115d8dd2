/**
 * Devices that are polled: nobody tells them what was stored. The agent's counter of a source,
 * committed together with the readings, is what must be in the rows; what the devices served is the
 * most that the good ones among them may be.
 */
import type { RollupRow } from "./rollup-row.ts";
import type { Findings } from "./verdict.ts";

/** A bus, and what the agent says it stored from it. */
export interface PolledSource {
  name: string;
  devices: readonly string[];
  /** Readings of all qualities, as of the agent's `/api/status`. */
  stored: number;
}

interface Rolled {
  count: number;
  bad: number;
}

export class PolledComparison {
  readonly #served: ReadonlyMap<string, number>;
  readonly #sources: readonly PolledSource[];
  readonly #rolled = new Map<string, Rolled>();

  constructor(served: ReadonlyMap<string, number>, sources: readonly PolledSource[]) {
    this.#served = served;
    this.#sources = sources;
    for (const source of sources) {
      for (const device of source.devices) this.#rolled.set(device, { count: 0, bad: 0 });
    }
  }

  get stored(): number {
    return this.#sources.reduce((sum, source) => sum + source.stored, 0);
  }

  /** True where the row belongs to a polled device. */
  take(row: RollupRow): boolean {
    const rolled = this.#rolled.get(row.device);
    if (!rolled) return false;
    rolled.count += row.count;
    rolled.bad += row.bad;
    return true;
  }

  finish(findings: Findings): void {
    for (const source of this.#sources) this.#judge(source, findings);
  }

  #judge(source: PolledSource, findings: Findings): void {
    let rolledUp = 0;
    let unserved = 0;
    for (const device of source.devices) {
      const { count, bad } = this.#rolled.get(device) ?? { count: 0, bad: 0 };
      rolledUp += count + bad;
      unserved += Math.max(0, count - (this.#served.get(device) ?? 0));
    }
    const lost = Math.max(0, source.stored - rolledUp);
    const duplicated = Math.max(0, rolledUp - source.stored, unserved);
    if (lost === 0 && duplicated === 0) return;
    findings.add({
      series: `source ${source.name}`,
      minute: null,
      expected: `${source.stored} stored by the agent`,
      got: `${rolledUp}${unserved > 0 ? `, of which ${unserved} were never served` : ""}`,
      lost,
      duplicated,
    });
  }
}
