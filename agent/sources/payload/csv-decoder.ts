/**
 * Lines of cells, each a reading a column. Columns are named by the rule; `_` is left out, and the
 * one named `ts` is the line's time. No quotes: machines that write CSV over MQTT do not use them.
 */
import type { ReadingBatch } from "#agent/sources/contract.ts";
import type { TopicRule } from "#config/gateway/mqtt.ts";
import { PenstockError } from "#core/errors.ts";
import { type CellForm, readCell } from "./cell.ts";
import { type MessageDecoder, type RowSettings, Rows, rowSettingsOf, type Target } from "./rows.ts";
import { decodeUtf8 } from "./strict-json.ts";

const TIME_COLUMN = "ts";
const IGNORED_COLUMN = "_";

export class CsvDecoder implements MessageDecoder {
  readonly valuesSkipped = 0;
  readonly #settings: RowSettings;
  readonly #form: CellForm;
  readonly #columns: readonly string[];
  readonly #separator: string;
  readonly #timeColumn: number;

  /** @throws PenstockError CONFIG_INVALID: no columns */
  constructor(
    rule: Pick<TopicRule, "topic" | "time" | "values" | "decimal" | "columns" | "separator">,
  ) {
    const { topic, columns, separator = ",", decimal = "." } = rule;
    if (!columns) {
      throw new PenstockError("CONFIG_INVALID", `topic "${topic}": format csv needs columns`);
    }
    this.#settings = rowSettingsOf(rule);
    this.#form = { decimal };
    this.#columns = columns;
    this.#separator = separator;
    this.#timeColumn = columns.indexOf(TIME_COLUMN);
  }

  decode(payload: Uint8Array, target: Target, nowMs: number, batch: ReadingBatch): boolean {
    const rows = new Rows(this.#settings, target, nowMs, batch);
    const lines = decodeUtf8(payload)
      .split("\n")
      .map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line))
      .filter((line) => line !== "");
    if (lines.length === 0) throw new PenstockError("PAYLOAD_MALFORMED", "empty");
    for (const line of lines) this.#decodeLine(line, rows);
    return rows.areAllTimed;
  }

  #decodeLine(line: string, rows: Rows): void {
    const cells = line.split(this.#separator);
    if (cells.length !== this.#columns.length) {
      const message = `${cells.length} cells in a line, and ${this.#columns.length} columns`;
      throw new PenstockError("PAYLOAD_MALFORMED", message);
    }
    const timeCell = cells[this.#timeColumn];
    const time = rows.timeOf(timeCell === undefined ? undefined : readCell(timeCell, this.#form));
    for (const [i, column] of this.#columns.entries()) {
      if (i === this.#timeColumn || column === IGNORED_COLUMN) continue;
      rows.add(column, readCell(cells[i] ?? "", this.#form), time);
    }
  }
}
