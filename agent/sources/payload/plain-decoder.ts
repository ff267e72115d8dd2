/** A payload that is one bare value: a number, or else a text. */
import type { ReadingBatch } from "#agent/sources/contract.ts";
import type { TopicRule } from "#config/gateway/mqtt.ts";
import { PenstockError } from "#core/errors.ts";
import { type CellForm, readCell } from "./cell.ts";
import { type MessageDecoder, type RowSettings, Rows, rowSettingsOf, type Target } from "./rows.ts";
import { decodeUtf8 } from "./strict-json.ts";

export class PlainDecoder implements MessageDecoder {
  readonly valuesSkipped = 0;
  readonly #settings: RowSettings;
  readonly #form: CellForm;

  constructor(rule: Pick<TopicRule, "time" | "values" | "decimal">) {
    this.#settings = rowSettingsOf(rule);
    this.#form = { decimal: rule.decimal ?? "." };
  }

  decode(payload: Uint8Array, target: Target, nowMs: number, batch: ReadingBatch): boolean {
    const text = decodeUtf8(payload).trim();
    if (text === "") throw new PenstockError("PAYLOAD_MALFORMED", "empty");
    if (target.tag === undefined) {
      const message = "a lone value, and neither topic nor rule has a tag";
      throw new PenstockError("PAYLOAD_MALFORMED", message);
    }
    const rows = new Rows(this.#settings, target, nowMs, batch);
    rows.add(target.tag, readCell(text, this.#form), rows.timeOf(undefined));
    return rows.areAllTimed;
  }
}
