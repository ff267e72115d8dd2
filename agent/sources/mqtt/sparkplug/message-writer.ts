/** What a Sparkplug message says, as rows of a batch. */
import type { ReadingBatch } from "#agent/sources/contract.ts";
import { Rows, type Target } from "#agent/sources/payload/rows.ts";
import type { TimeStamp } from "#agent/sources/payload/time-stamp.ts";
import type { FoundMetric, MetricDefinition, NodeOutcome } from "./edge-node.ts";
import { qualityOf, valueOf } from "./metric-value.ts";
import type { MessageType } from "./topic.ts";

/** Births of large nodes hold all that they have. */
export const READINGS_MAX = 20_000;
export const ROW_SETTINGS = { unit: "ms", values: undefined, readingsMax: READINGS_MAX } as const;

/** For the protocol itself, not for people. */
export const CONTROL = /^(?:bdSeq$|(?:Node|Device) Control\/)/;

const OFFLINE = "device offline";

/** Where readings of the message's node, or of a device behind it, go. */
export type TargetOf = (device: string | undefined) => Target | undefined;

/** Writes one message's readings: those of the topic's own device, and of all that died with it. */
export class MessageWriter {
  readonly #type: MessageType;
  readonly #targetOf: TargetOf;
  readonly #sentAt: bigint | undefined;
  readonly #nowMs: number;
  readonly #batch: ReadingBatch;
  readonly #rows = new Map<string | undefined, Rows | undefined>();

  constructor(
    type: MessageType,
    targetOf: TargetOf,
    sentAt: bigint | undefined,
    nowMs: number,
    batch: ReadingBatch,
  ) {
    this.#type = type;
    this.#targetOf = targetOf;
    this.#sentAt = sentAt;
    this.#nowMs = nowMs;
    this.#batch = batch;
  }

  write({ found, dead, doubt }: NodeOutcome): boolean {
    for (const each of found) this.#writeMetric(each, doubt);
    for (const each of dead) this.#writeDeath(each);
    return [...this.#rows.values()].every((rows) => rows?.areAllTimed ?? true);
  }

  #writeMetric(found: FoundMetric, doubt: string | undefined): void {
    const { definition, metric } = found;
    // What its sender calls transient is not for keeping.
    if (CONTROL.test(definition.name) || metric.isTransient === true) return;
    const rows = this.#rowsOf(definition.device);
    if (!rows) return;
    const row = this.#batch.length;
    writeValue(found, doubt, rows, rows.timeOf(millisecondsOf(metric.timestamp ?? this.#sentAt)));
    if (metric.isHistorical === true && this.#batch.length > row) this.#batch.markHistorical(row);
  }

  /** The old value is not repeated: nobody measured it. A will was written long before the death. */
  #writeDeath({ name, device }: MetricDefinition): void {
    if (CONTROL.test(name)) return;
    const rows = this.#rowsOf(device);
    const diedAt = this.#type === "DDEATH" ? millisecondsOf(this.#sentAt) : undefined;
    rows?.refuse(name, rows.timeOf(diedAt), OFFLINE);
  }

  #rowsOf(device: string | undefined): Rows | undefined {
    if (!this.#rows.has(device)) this.#rows.set(device, this.#makeRows(device));
    return this.#rows.get(device);
  }

  #makeRows(device: string | undefined): Rows | undefined {
    const target = this.#targetOf(device);
    return target && new Rows(ROW_SETTINGS, target, this.#nowMs, this.#batch);
  }
}

function writeValue(
  { definition, metric }: FoundMetric,
  doubt: string | undefined,
  rows: Rows,
  time: TimeStamp,
): void {
  const { name } = definition;
  const value = valueOf(metric, metric.datatype ?? definition.datatype);
  if ("refusal" in value) return rows.refuse(name, time, value.refusal);
  const said = qualityOf(metric);
  if (said) rows.addJudged(name, value.scalar, time, said.quality, said.reason);
  else if (doubt !== undefined) rows.addJudged(name, value.scalar, time, "uncertain", doubt);
  else rows.add(name, value.scalar, time);
}

function millisecondsOf(time: bigint | undefined): number | undefined {
  return time === undefined ? undefined : Number(time);
}
