/** What the text of one field is worth: a number, read strictly, or a text where the file says so. */
import { createScaler, type Scaler } from "#agent/sources/scaling.ts";
import type { TagSettings } from "#config/gateway/tag.ts";
import type { Quality, QualityReason, Value } from "#core/reading.ts";
import { parseStrictNumber } from "./strict-number.ts";

/** A longer text is cut: a reading is no place for documents. */
const TEXT_MAX = 256;

/** As scales write it, with blanks around its sign. */
const WHOLE = /^[\s+-]*\d+\s*$/;

export interface FieldValue {
  value: Value;
  quality: Quality;
  reason?: QualityReason;
}

export class Field {
  readonly #isText: boolean;
  readonly #invalid: ReadonlySet<number>;
  readonly #scaled: Scaler;

  /** @param settings what the file says of the tag; a tag that it leaves out is a number */
  constructor(settings: TagSettings | undefined) {
    this.#isText = settings?.type === "string";
    this.#invalid = new Set(settings?.invalid);
    this.#scaled = createScaler(settings?.scale ?? 1, settings?.offset ?? 0);
  }

  read(text: string): FieldValue {
    if (this.#isText) return { value: text.trim().slice(0, TEXT_MAX), quality: "good" };
    const raw = parseStrictNumber(text);
    if (raw === undefined) return bad("not a number");
    if (this.#invalid.has(raw)) return bad("invalid code");
    if (WHOLE.test(text) && !Number.isSafeInteger(raw)) return bad("beyond 2^53");
    return { value: this.#scaled(raw), quality: "good" };
  }
}

function bad(reason: QualityReason): FieldValue {
  return { value: null, quality: "bad", reason };
}
