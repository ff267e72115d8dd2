/**
 * What is known of one edge node: a pure state machine. Data is only understood after a birth, which
 * tells names, aliases and types, and as long as no message is missing: after a gap an alias may
 * mean something else, so what comes then is `uncertain` until the node has been born again.
 *
 * Messages of a node count through 0 to 255, NBIRTH to NDEATH; a death belongs to a birth by its
 * `bdSeq`, since a broker may deliver the will of an old connection after the new one's birth.
 */
import type { QualityReason } from "#core/reading.ts";
import type { Metric, SparkplugPayload } from "./payload-codec.ts";
import type { MessageType } from "./topic.ts";

/** A metric that has been born. */
export interface MetricDefinition {
  readonly device: string | undefined;
  readonly name: string;
  readonly datatype: number | undefined;
}

export interface FoundMetric {
  readonly definition: MetricDefinition;
  readonly metric: Metric;
}

export interface NodeOutcome {
  found: readonly FoundMetric[];
  /** Metrics whose node or device is gone. */
  dead: readonly MetricDefinition[];
  /** Why none of these values can be trusted. */
  doubt?: QualityReason;
  /** Why the node has to be born again. */
  rebirth?: string;
  /** Metrics that could not be understood, or were too many. */
  unknown: number;
}

const NOTHING: NodeOutcome = { found: [], dead: [], unknown: 0 };
const BIRTH_SEQUENCE = "bdSeq";
const SEQ_VALUES = 256;

/**
 * The metrics of a node or device. Aliases are to be unique within the node, and some nodes begin anew
 * with each device: as a message is about one device, both are understood.
 */
interface Born {
  readonly byName: Map<string, MetricDefinition>;
  readonly byAlias: Map<bigint, MetricDefinition>;
}

export class EdgeNode {
  readonly #metricsMax: number;
  #state: "unborn" | "online" | "gap" | "dead" = "unborn";
  #seq: number | undefined;
  #bdSeq: bigint | undefined;
  /** By device; the node's own under undefined. */
  readonly #metrics = new Map<string | undefined, Born>();
  #size = 0;
  /** False since the way to the node's broker was lost: what it said before may have changed. */
  #isHeard = true;

  constructor(metricsMax: number) {
    this.#metricsMax = metricsMax;
  }

  /** How many metrics are known, and devices. */
  get size(): number {
    return this.#size;
  }

  get isOnline(): boolean {
    return this.#state === "online" || this.#state === "gap";
  }

  /** Born, and heard ever since. */
  get isUpToDate(): boolean {
    return this.isOnline && this.#isHeard;
  }

  /**
   * The way to the node's broker is lost. Returns what is not known any more; a birth makes it known
   * again, for a node sends only what changes.
   */
  lost(): readonly MetricDefinition[] {
    if (!this.isUpToDate) return [];
    this.#isHeard = false;
    return this.#all();
  }

  handle(type: MessageType, device: string | undefined, payload: SparkplugPayload): NodeOutcome {
    switch (type) {
      case "NBIRTH":
        return this.#nodeBirth(payload);
      case "NDEATH":
        return this.#nodeDeath(payload);
      default:
        return this.#inSequence(type, device, payload);
    }
  }

  #nodeBirth(payload: SparkplugPayload): NodeOutcome {
    this.#state = "online";
    this.#isHeard = true;
    this.#seq = seqOf(payload);
    this.#bdSeq = birthSequenceOf(payload);
    this.#metrics.clear();
    this.#size = 0;
    return this.#define(undefined, payload);
  }

  #nodeDeath(payload: SparkplugPayload): NodeOutcome {
    const bdSeq = birthSequenceOf(payload);
    if (!this.isOnline || bdSeq !== this.#bdSeq) return NOTHING;
    this.#state = "dead";
    return { found: [], dead: this.#all(), unknown: 0 };
  }

  #all(): MetricDefinition[] {
    const all: MetricDefinition[] = [];
    for (const { byName } of this.#metrics.values()) all.push(...byName.values());
    return all;
  }

  #inSequence(
    type: "NDATA" | "DBIRTH" | "DDEATH" | "DDATA",
    device: string | undefined,
    payload: SparkplugPayload,
  ): NodeOutcome {
    const rebirth = this.#follow(seqOf(payload));
    const outcome = this.#read(type, device, payload);
    const doubt = this.#doubt();
    const missed = this.#isHeard ? undefined : "the connection to its broker was lost";
    const why = rebirth ?? outcome.rebirth ?? doubt ?? missed;
    return {
      ...outcome,
      ...(doubt !== undefined && { doubt }),
      ...(why !== undefined && { rebirth: why }),
    };
  }

  /** The reason when a message is missing. One that comes twice is no gap. */
  #follow(seq: number | undefined): string | undefined {
    const before = this.#seq;
    this.#seq = seq;
    if (this.#state !== "online" || seq === before) return undefined;
    if (seq !== undefined && before !== undefined && seq === (before + 1) % SEQ_VALUES) {
      return undefined;
    }
    this.#state = "gap";
    return `sequence number ${seq ?? "missing"} after ${before ?? "none"}`;
  }

  #doubt(): QualityReason | undefined {
    if (this.#state === "gap") return "sequence gap";
    return this.#state === "online" ? undefined : "no birth seen";
  }

  #read(
    type: "NDATA" | "DBIRTH" | "DDEATH" | "DDATA",
    device: string | undefined,
    payload: SparkplugPayload,
  ): NodeOutcome {
    switch (type) {
      case "DBIRTH":
        // Without its node's birth a device's would be forgotten at the next one anyway.
        return this.isOnline ? this.#define(device, payload) : this.#find(device, payload);
      case "DDEATH": {
        const dead = [...(this.#metrics.get(device)?.byName.values() ?? [])];
        this.#forget(device);
        return { found: [], dead, unknown: 0 };
      }
      default:
        return this.#find(device, payload);
    }
  }

  /** A birth: what it holds is also what the values are now. */
  #define(device: string | undefined, { metrics = [] }: SparkplugPayload): NodeOutcome {
    this.#forget(device);
    if (this.#size >= this.#metricsMax) return { ...NOTHING, unknown: metrics.length };
    const { byName, byAlias }: Born = { byName: new Map(), byAlias: new Map() };
    this.#metrics.set(device, { byName, byAlias });
    this.#size += costOf(device);
    const found: FoundMetric[] = [];
    for (const metric of metrics) {
      const { name, alias, datatype } = metric;
      if (name === undefined || name === "" || this.#size >= this.#metricsMax) continue;
      const definition = { device, name, datatype };
      if (!byName.has(name)) this.#size += 1;
      byName.set(name, definition);
      if (alias !== undefined) byAlias.set(alias, definition);
      found.push({ definition, metric });
    }
    return { found, dead: [], unknown: metrics.length - found.length };
  }

  #forget(device: string | undefined): void {
    const known = this.#metrics.get(device);
    if (!known) return;
    this.#size -= known.byName.size + costOf(device);
    this.#metrics.delete(device);
  }

  #find(device: string | undefined, { metrics = [] }: SparkplugPayload): NodeOutcome {
    const found: FoundMetric[] = [];
    let rebirth: string | undefined;
    for (const metric of metrics) {
      const born = this.#bornAs(device, metric);
      // Without a birth, a name and a type in the message itself have to do.
      const definition = born ?? (this.isOnline ? undefined : selfDefined(device, metric));
      if (definition) found.push({ definition, metric });
      if (!born) rebirth = `metric ${metric.name ?? metric.alias ?? "without a name"} is unknown`;
    }
    const unknown = metrics.length - found.length;
    return { found, dead: [], unknown, ...(rebirth !== undefined && { rebirth }) };
  }

  #bornAs(device: string | undefined, { name, alias }: Metric): MetricDefinition | undefined {
    const born = this.#metrics.get(device);
    if (name !== undefined && name !== "") return born?.byName.get(name);
    return alias === undefined ? undefined : born?.byAlias.get(alias);
  }
}

/** A device costs as much as a metric: one without any must not be free. The node itself is one. */
function costOf(device: string | undefined): number {
  return device === undefined ? 0 : 1;
}

function selfDefined(
  device: string | undefined,
  { name, datatype }: Metric,
): MetricDefinition | undefined {
  if (name === undefined || name === "" || datatype === undefined) return undefined;
  return { device, name, datatype };
}

function seqOf({ seq }: SparkplugPayload): number | undefined {
  return seq !== undefined && seq < SEQ_VALUES ? Number(seq) : undefined;
}

function birthSequenceOf({ metrics = [] }: SparkplugPayload): bigint | undefined {
  // A death may leave out the type, and libraries differ in where they put small integers.
  const metric = metrics.find(({ name }) => name === BIRTH_SEQUENCE);
  return (
    metric?.longValue ?? (metric?.intValue === undefined ? undefined : BigInt(metric.intValue))
  );
}
