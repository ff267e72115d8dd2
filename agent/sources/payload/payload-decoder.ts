/**
 * From a payload to rows of a batch. Which shapes are understood stands in docs/mqtt.md. A message
 * is taken as a whole or refused as a whole; members of a flat object that are no values (nested
 * objects, lists) are left out and counted.
 */
import type { ReadingBatch, Series } from "#agent/sources/contract.ts";
import type { TopicRule } from "#config/gateway.ts";
import { PenstockError } from "#core/errors.ts";
import type { Quality, QualityReason, Value } from "#core/reading.ts";
import { createPathReader, type PathReader, parsePath } from "./json-path.ts";
import { isScalar, type Scalar, toReadingValue } from "./reading-value.ts";
import { decodeUtf8, type Json, parseStrictJson } from "./strict-json.ts";
import { readTime, type TimeStamp } from "./time-stamp.ts";

/** Who the readings of a topic belong to. */
export interface Target {
  /** Undefined where the payload names the tags. */
  readonly tag: string | undefined;
  /** Undefined where the series was refused; whoever refuses counts. */
  seriesOf(tag: string): Series | undefined;
}

type JsonObject = { [key: string]: Json };

const READINGS_MAX = 5000;
const TIME_KEY = "ts";
const REASON_MAX = 64;

export class PayloadDecoder {
  /** Members of flat objects that were no values. */
  valuesSkipped = 0;
  readonly #readValue: PathReader | undefined;
  readonly #readTime: PathReader | undefined;
  /** The member of a flat object that is the time. */
  readonly #timeKey: string | undefined;

  /** @throws PenstockError CONFIG_INVALID: a path that is none */
  constructor(rule: Pick<TopicRule, "value" | "ts">) {
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
    const rows = new Rows(target, nowMs, batch);
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
    const time = readTime(this.#timeOf(message), rows.nowMs);
    if (!Array.isArray(node)) return this.#decodeNode(node, time, rows);
    for (const item of node) {
      if (!isObject(item)) throw malformed("a list holds something else than objects");
      this.#decodeNode(item, ownTime(item, time, rows.nowMs), rows);
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
        addReading(key, member, ownTime(member, time, rows.nowMs), rows);
      } else this.valuesSkipped += 1;
    }
  }
}

/** Writes rows to a batch, with what the time says of their quality. */
class Rows {
  areAllTimed = true;
  readonly target: Target;
  readonly nowMs: number;
  readonly #batch: ReadingBatch;

  constructor(target: Target, nowMs: number, batch: ReadingBatch) {
    this.target = target;
    this.nowMs = nowMs;
    this.#batch = batch;
  }

  add(tag: string, json: Scalar, time: TimeStamp): void {
    // Most values are ordinary numbers from a clock that is right: no object for those.
    if (typeof json === "number" && Number.isFinite(json)) {
      return this.#write(tag, time, json, "good", undefined);
    }
    const { value, quality, reason } = toReadingValue(json);
    this.#write(tag, time, value, quality, reason);
  }

  /** With a quality that the sender gave. The worse of it and what the value itself says counts. */
  addJudged(tag: string, json: Scalar, time: TimeStamp, given: Quality, why: QualityReason): void {
    const { value, quality, reason } = toReadingValue(json);
    const isOwnWorse = quality === "bad" || given === "good";
    if (isOwnWorse) this.#write(tag, time, value, quality, reason);
    else this.#write(tag, time, value, given, why);
  }

  #write(
    tag: string,
    time: TimeStamp,
    value: Value,
    quality: Quality,
    reason: QualityReason | undefined,
  ): void {
    if (this.#batch.length >= READINGS_MAX) {
      throw malformed(`more than ${READINGS_MAX} readings in one message`);
    }
    if (!time.isOwn) this.areAllTimed = false;
    const series = this.target.seriesOf(tag);
    if (!series) return;
    if (quality === "good" && time.doubt !== undefined) {
      this.#batch.add(series, time.ts, value, "uncertain", time.doubt);
    } else {
      this.#batch.add(series, time.ts, value, quality, reason);
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
function ownTime(node: JsonObject, time: TimeStamp, nowMs: number): TimeStamp {
  return Object.hasOwn(node, TIME_KEY) ? readTime(node[TIME_KEY], nowMs) : time;
}

function isObject(json: Json): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function malformed(message: string): PenstockError {
  return new PenstockError("PAYLOAD_MALFORMED", message);
}
