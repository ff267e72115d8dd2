/**
 * A Sparkplug B host application, whichever broker its nodes are on: turns their messages into
 * readings, asks a node for a new birth when it cannot be understood, and says by its own STATE
 * topic whether somebody listens. It does no I/O: what it has to say goes through `publish`.
 */
import { ReadingBatch } from "#agent/sources/contract.ts";
import { Rows, type Target } from "#agent/sources/payload/rows.ts";
import type { TimeStamp } from "#agent/sources/payload/time-stamp.ts";
import type { SparkplugSettings } from "#config/gateway/sparkplug.ts";
import type { Clock } from "#core/clock.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import type { TopicRouter } from "../topic-router.ts";
import {
  EdgeNode,
  type FoundMetric,
  type MetricDefinition,
  type NodeOutcome,
} from "./edge-node.ts";
import { HostState, type Publish } from "./host-state.ts";
import { qualityOf, valueOf } from "./metric-value.ts";
import { decodePayload, encodePayload } from "./payload-codec.ts";
import {
  filtersOf,
  isSparkplugTopic,
  nodeCommandTopic,
  parseTopic,
  type SparkplugTopic,
} from "./topic.ts";

type NodePath = Pick<SparkplugTopic, "group" | "node">;

export interface SparkplugHostOptions {
  settings: SparkplugSettings;
  router: TopicRouter;
  clock: Clock;
  log: Logger;
  publish: Publish;
  /** For what the host says: wall time, right or not. */
  wallMs: () => number;
}

interface KnownNode {
  readonly path: NodePath;
  readonly node: EdgeNode;
  /** When it was last asked for a birth, on the monotonic scale. */
  askedAtMs: number;
}

/** Memory for nodes and metrics that a hostile sender could invent without end. */
const NODES_MAX = 2000;
const METRICS_MAX = 100_000;
/** Births of large nodes hold all that they have. */
const READINGS_MAX = 20_000;

/** A node that does not answer, or gives births that do not help, is not asked more often. */
const REBIRTH_INTERVAL_MS = 10_000;
const REBIRTH = "Node Control/Rebirth";
const BOOLEAN = 11;

const ROW_SETTINGS = { unit: "ms", values: undefined, readingsMax: READINGS_MAX } as const;
const OFFLINE = "device offline";
const STALE = "stale";

/** For the protocol itself, not for people. */
const CONTROL = /^(?:bdSeq$|(?:Node|Device) Control\/)/;

export class SparkplugHost {
  readonly state: HostState;
  readonly #options: SparkplugHostOptions;
  readonly #log: RateLimitedLog;
  readonly #nodes = new Map<string, KnownNode>();
  /** Whose a device name is: two nodes could come down to the same. */
  readonly #owners = new Map<string, string>();
  readonly #counters = {
    sparkplug_births: 0,
    sparkplug_deaths: 0,
    sparkplug_gaps: 0,
    sparkplug_rebirths_asked: 0,
    sparkplug_metrics_unknown: 0,
    sparkplug_nodes_refused: 0,
  };

  constructor(options: SparkplugHostOptions) {
    const { settings, clock, publish, wallMs, log } = options;
    this.#options = options;
    this.#log = new RateLimitedLog(log, clock);
    this.state = new HostState(settings.hostId, wallMs, publish);
  }

  get counters(): Readonly<Record<string, number>> {
    const nodes = [...this.#nodes.values()];
    return {
      ...this.#counters,
      sparkplug_nodes: nodes.length,
      sparkplug_nodes_online: nodes.filter(({ node }) => node.isUpToDate).length,
    };
  }

  /** What to subscribe to. */
  get filters(): string[] {
    const { groups, hostId } = this.#options.settings;
    return filtersOf(groups, hostId);
  }

  /** True for topics that are Sparkplug's, whatever the rules for other topics say. */
  owns(topic: string): boolean {
    return isSparkplugTopic(topic);
  }

  /**
   * Adds the message's readings to the batch. True when each of them carries its sender's time.
   * @throws PenstockError PAYLOAD_MALFORMED: then the batch is to be thrown away
   */
  decode(topic: string, payload: Uint8Array, batch: ReadingBatch): boolean {
    if (this.state.heard(topic, payload)) return false;
    const parsed = parseTopic(topic);
    if (!parsed || !this.#isMine(parsed.group)) return false;
    const known = this.#knownNode(parsed);
    if (!known) return false;
    const message = decodePayload(payload);
    const outcome = known.node.handle(parsed.type, parsed.device, message);
    this.#count(parsed, outcome);
    if (outcome.rebirth !== undefined) this.#askForBirth(parsed, known, outcome.rebirth);
    return new MessageWriter(
      this,
      parsed,
      message.timestamp,
      this.#options.clock.now(),
      batch,
    ).write(outcome);
  }

  /**
   * The connection to the nodes' broker is lost: what they said last is stale, metric by metric. Each
   * device has batches of its own for this source.
   */
  lost(source: string): ReadingBatch[] {
    return [...this.#nodes.values()].flatMap(({ path, node }) => {
      const byDevice = Map.groupBy(node.lost(), ({ device }) => device);
      return Array.from(byDevice).flatMap(([device, metrics]) => {
        const names = metrics.map(({ name }) => name).filter((name) => !CONTROL.test(name));
        return this.#stale(source, this.targetOf(path, device), names);
      });
    });
  }

  #stale(source: string, target: Target | undefined, names: readonly string[]): ReadingBatch[] {
    if (!target) return [];
    const batches: ReadingBatch[] = [];
    for (let from = 0; from < names.length; from += READINGS_MAX) {
      const batch = new ReadingBatch(source);
      const rows = new Rows(ROW_SETTINGS, target, this.#options.clock.now(), batch);
      const time = rows.timeOf(undefined);
      for (const name of names.slice(from, from + READINGS_MAX)) rows.refuse(name, time, STALE);
      batches.push(batch);
    }
    return batches;
  }

  /** Where readings of a node, or of a device behind it, go. Undefined where its name is taken. */
  targetOf({ group, node }: NodePath, device: string | undefined): Target | undefined {
    const path = [group, node, ...(device === undefined ? [] : [device])];
    const name = path.join(".");
    const key = path.join("/");
    const owner = this.#owners.get(name) ?? key;
    if (owner !== key) {
      this.#counters.sparkplug_nodes_refused += 1;
      const message = "two Sparkplug devices come down to one name: the second is left out";
      this.#log.warn("name taken", { name, owner, path: key }, message);
      return undefined;
    }
    if (this.#owners.size < METRICS_MAX) this.#owners.set(name, key);
    return this.#options.router.deviceTarget(name);
  }

  #isMine(group: string): boolean {
    const { groups } = this.#options.settings;
    return groups.includes("+") || groups.includes(group);
  }

  #knownNode({ group, node }: SparkplugTopic): KnownNode | undefined {
    const key = `${group}/${node}`;
    const known = this.#nodes.get(key);
    if (known) return known;
    if (this.#nodes.size >= NODES_MAX) {
      this.#counters.sparkplug_nodes_refused += 1;
      this.#log.warn("nodes", { node: key }, `more than ${NODES_MAX} Sparkplug nodes`);
      return undefined;
    }
    const made = {
      path: { group, node },
      node: new EdgeNode(METRICS_MAX),
      askedAtMs: Number.NEGATIVE_INFINITY,
    };
    this.#nodes.set(key, made);
    return made;
  }

  #count({ type, group, node }: SparkplugTopic, outcome: NodeOutcome): void {
    const counters = this.#counters;
    if (type === "NBIRTH" || type === "DBIRTH") counters.sparkplug_births += 1;
    if (outcome.dead.length > 0) counters.sparkplug_deaths += 1;
    if (outcome.doubt !== undefined) counters.sparkplug_gaps += 1;
    if (outcome.unknown === 0) return;
    counters.sparkplug_metrics_unknown += outcome.unknown;
    this.#log.warn(
      "unknown",
      { group, node, metrics: outcome.unknown },
      "unknown Sparkplug metrics",
    );
  }

  #askForBirth({ group, node }: SparkplugTopic, known: KnownNode, reason: string): void {
    const { clock, publish, wallMs } = this.#options;
    if (clock.monotonic() - known.askedAtMs < REBIRTH_INTERVAL_MS) return;
    known.askedAtMs = clock.monotonic();
    this.#counters.sparkplug_rebirths_asked += 1;
    this.#log.warn("rebirth", { group, node, reason }, "a Sparkplug node is asked for its birth");
    const timestamp = BigInt(Math.trunc(wallMs()));
    const metric = { name: REBIRTH, timestamp, datatype: BOOLEAN, booleanValue: true };
    const payload = encodePayload({ timestamp, metrics: [metric] });
    publish(nodeCommandTopic(group, node), payload, { qos: 0, retain: false });
  }
}

/** Writes one message's readings: those of the topic's own device, and of all that died with it. */
class MessageWriter {
  readonly #host: SparkplugHost;
  readonly #topic: SparkplugTopic;
  readonly #sentAt: bigint | undefined;
  readonly #nowMs: number;
  readonly #batch: ReadingBatch;
  readonly #rows = new Map<string | undefined, Rows | undefined>();

  constructor(
    host: SparkplugHost,
    topic: SparkplugTopic,
    sentAt: bigint | undefined,
    nowMs: number,
    batch: ReadingBatch,
  ) {
    this.#host = host;
    this.#topic = topic;
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
    const diedAt = this.#topic.type === "DDEATH" ? millisecondsOf(this.#sentAt) : undefined;
    rows?.refuse(name, rows.timeOf(diedAt), OFFLINE);
  }

  #rowsOf(device: string | undefined): Rows | undefined {
    if (!this.#rows.has(device)) this.#rows.set(device, this.#makeRows(device));
    return this.#rows.get(device);
  }

  #makeRows(device: string | undefined): Rows | undefined {
    const target = this.#host.targetOf(this.#topic, device);
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
