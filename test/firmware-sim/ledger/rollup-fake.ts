/** A sink that never errs, to which tests then do harm: rows by series and minute from messages. */
import { ExactSum } from "#core/exact-sum.ts";
import type { SentMessage } from "#sim/ledger/contract.ts";
import { MINUTE_MS } from "#sim/ledger/ledger.ts";
import type { RollupRow } from "#sim/ledger/rollup-row.ts";

export const GATEWAY = "hall";

interface Cell {
  key: Pick<RollupRow, "device" | "tag" | "start">;
  values: number[];
}

export class RollupFake {
  readonly #cells = new Map<string, Cell>();

  take(message: SentMessage): this {
    message.values.forEach((value, i) =>
      this.add(message.device, message.tags[i]!, message.ts, value),
    );
    return this;
  }

  add(device: string, tag: string, ts: number, value: number): void {
    const start = Math.floor(ts / MINUTE_MS) * MINUTE_MS;
    const name = `${device}/${tag}/${start}`;
    const cell = this.#cells.get(name) ?? { key: { device, tag, start }, values: [] };
    cell.values.push(value);
    this.#cells.set(name, cell);
  }

  /** Takes one reading out, as a loss does. */
  drop(device: string, tag: string, value: number): void {
    for (const { key, values } of this.#cells.values()) {
      const place = values.indexOf(value);
      if (key.device !== device || key.tag !== tag || place < 0) continue;
      values.splice(place, 1);
      return;
    }
    throw new Error(`no ${value} of ${device}/${tag} to drop`);
  }

  async *rows(): AsyncGenerator<RollupRow, void, void> {
    for (const { key, values } of this.#cells.values()) {
      const sum = new ExactSum();
      for (const value of values) sum.add(value);
      if (values.length === 0) continue;
      const exactSum = sum.canonical();
      yield { gateway: GATEWAY, ...key, count: values.length, bad: 0, exactSum };
    }
  }
}
