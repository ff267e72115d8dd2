/** What the text of one field is worth: a number, read strictly, or a text where the file says so. */
import { createDeadband, type Deadband } from "#agent/sources/deadband.ts";
import { Plausibility, type Verdict } from "#agent/sources/plausibility.ts";
import { createScaler, type Scaler } from "#agent/sources/scaling.ts";
import type { TagSettings } from "#config/gateway/tag.ts";
import type { QualityReason, Value } from "#core/reading.ts";
import { parseStrictNumber } from "./strict-number.ts";

/** A longer text is cut: a reading is no place for documents. */
const TEXT_MAX = 256;

export interface FieldValue extends Verdict {
  value: Value;
}

export class Field {
  readonly #isText: boolean;
  readonly #invalid: ReadonlySet<number>;
  readonly #scaled: Scaler;
  readonly #plausibility: Plausibility;
  readonly #deadband: Deadband | undefined;

  /** @param settings what the file says of the tag; a tag that it leaves out is a number */
  constructor(settings: TagSettings | undefined) {
    this.#isText = settings?.type === "string";
    this.#invalid = new Set(settings?.invalid);
    this.#scaled = createScaler(settings?.scale ?? 1, settings?.offset ?? 0);
    this.#plausibility = new Plausibility(settings ?? { counter: false });
    this.#deadband = settings && createDeadband(settings);
  }

  /** False for a reading that the tag's deadband leaves out. To be asked once a reading. */
  isNews({ value, quality }: FieldValue, ts: number): boolean {
    return this.#deadband?.isNews(value, quality, ts) ?? true;
  }

  /** Fields must be read in the order of their times. */
  read(text: string): FieldValue {
    if (this.#isText) return { value: text.trim().slice(0, TEXT_MAX), quality: "good" };
    const raw = parseStrictNumber(text);
    if (raw === undefined) return bad("not a number");
    if (this.#invalid.has(raw)) return bad("invalid code");
    const value = this.#scaled(raw);
    return { value, ...this.#plausibility.judge(value) };
  }
}

function bad(reason: QualityReason): FieldValue {
  return { value: null, quality: "bad", reason };
}
