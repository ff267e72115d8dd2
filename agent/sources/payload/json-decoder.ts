/**
 * From a JSON payload to rows of a batch. Which shapes are understood stands in docs/mqtt.md. A message
 * is taken as a whole or refused as a whole; members of a flat object that are no values (nested
 * objects, lists) are left out and counted.
 */
import type { ReadingBatch } from "#agent/sources/contract.ts";
import type { TopicRule } from "#config/gateway/mqtt.ts";
import { PenstockError } from "#core/errors.ts";
import { createPathReader, type PathReader, parsePath } from "./json-path.ts";
import { isScalar } from "./reading-value.ts";
import { type MessageDecoder, type RowSettings, Rows, rowSettingsOf, type Target } from "./rows.ts";
import { decodeUtf8, type Json, parseStrictJson } from "./strict-json.ts";
import type { TimeStamp } from "./time-stamp.ts";

type JsonObject = { [key: string]: Json };

const TIME_KEY = "ts";
const REASON_MAX = 64;

export class JsonDecoder implements MessageDecoder {
  /** Members of flat objects that were no values. */
  valuesSkipped = 0;
  readonly #settings: RowSettings;
  readonly #readValue: PathReader | undefined;
  readonly #readTime: PathReader | undefined;
  /** The member of a flat object that is the time. */
  readonly #timeKey: string | undefined;

  /** @throws PenstockError CONFIG_INVALID: a path that is none */
  constructor(rule: Pick<TopicRule, "value" | "ts" | "time" | "values">) {
    this.#settings = rowSettingsOf(rule);
    const timePath = rule.ts === undefined ? [TIME_KEY] : parsePath(rule.ts);
    const [first] = timePath;
    this.#timeKey = timePath.length === 1 && typeof first === "string" ? first : undefined;
    this.#readTime = rule.ts === undefined ? undefined : createPathReader(timePath);
    this.#readValue =
      rule.value === undefined ? undefined : createPathReader(parsePath(rule.value));
  }

  /**
   * Adds the payload's readings to the batch. True when each of them carries its sender's time.
   * @throws PenstockError PAYLOAD_MALFORMED: then the batch is to be thrown away
   */
  decode(payload: Uint8Array, target: Target, nowMs: number, batch: ReadingBatch): boolean {
    const json = parseStrictJson(decodeUtf8(payload));
    const rows = new Rows(this.#settings, target, nowMs, batch);
    if (!Array.isArray(json)) {
      this.#decodeMessage(json, rows);
    } else {
      for (const item of json) {
        if (!isObject(item)) throw malformed("a list holds something else than objects");
        this.#decodeMessage(item, rows);
      }
    }
    return rows.areAllTimed;
  }

  /** The paths of the rule start here: at the payload, or at each item of a list. */
  #decodeMessage(message: Json, rows: Rows): void {
    const node = this.#readValue ? this.#readValue(message) : message;
    if (node === undefined) throw malformed("there is nothing at the rule's value path");
    const time = rows.timeOf(this.#timeOf(message));
    if (!Array.isArray(node)) return this.#decodeNode(node, time, rows);
    for (const item of node) {
      if (!isObject(item)) throw malformed("a list holds something else than objects");
      this.#decodeNode(item, ownTime(item, time, rows), rows);
    }
  }

  #timeOf(message: Json): Json | undefined {
    if (this.#readTime) return this.#readTime(message);
    return isObject(message) && Object.hasOwn(message, TIME_KEY) ? message[TIME_KEY] : undefined;
  }

  #decodeNode(node: Json, time: TimeStamp, rows: Rows): void {
    const { tag } = rows.target;
    if (isScalar(node)) {
      if (tag === undefined) throw malformed("a lone value, and neither topic nor rule has a tag");
      rows.add(tag, node, time);
    } else if (!isObject(node)) {
      throw malformed("a list within a list");
    } else if (tag !== undefined) {
      if (!Object.hasOwn(node, "value")) throw malformed('the object has no "value"');
      addReading(tag, node, time, rows);
    } else if (typeof node["tag"] === "string" && Object.hasOwn(node, "value")) {
      addReading(node["tag"], node, time, rows);
    } else {
      this.#decodeFlat(node, time, rows);
    }
  }

  #decodeFlat(node: JsonObject, time: TimeStamp, rows: Rows): void {
    for (const key in node) {
      if (key === this.#timeKey) continue;
      const member = node[key];
      if (member === undefined) continue;
      if (isScalar(member)) rows.add(key, member, time);
      else if (isObject(member) && Object.hasOwn(member, "value")) {
        addReading(key, member, ownTime(member, time, rows), rows);
      } else this.valuesSkipped += 1;
    }
  }
}

/** An object of `value`, and perhaps `quality` and `reason`. Its time is known already. */
function addReading(tag: string, node: JsonObject, time: TimeStamp, rows: Rows): void {
  const value = node["value"];
  if (value === undefined || !isScalar(value)) {
    throw malformed('"value" is neither number, text, true, false nor null');
  }
  if (!Object.hasOwn(node, "quality")) return rows.add(tag, value, time);
  const quality = node["quality"];
  if (quality === "good" || quality === "uncertain" || quality === "bad") {
    const { reason } = node;
    const why = typeof reason === "string" && reason !== "" ? reason : `${quality} at the source`;
    rows.addJudged(tag, value, time, quality, why.slice(0, REASON_MAX).toWellFormed());
  } else {
    rows.addJudged(tag, value, time, "uncertain", "quality unknown");
  }
}

/** A reading within a message may have its own time; without one it has the message's. */
function ownTime(node: JsonObject, time: TimeStamp, rows: Rows): TimeStamp {
  return Object.hasOwn(node, TIME_KEY) ? rows.timeOf(node[TIME_KEY]) : time;
}

function isObject(json: Json): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function malformed(message: string): PenstockError {
  return new PenstockError("PAYLOAD_MALFORMED", message);
}
