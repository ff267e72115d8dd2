/**
 * A Sparkplug B host application, whichever broker its nodes are on: turns their messages into
 * readings, asks a node for a new birth when it cannot be understood, and says by its own STATE
 * topic whether somebody listens. It does no I/O: what it has to say goes through `publish`.
 */
import { ReadingBatch } from "#agent/sources/contract.ts";
import { Rows, type Target } from "#agent/sources/payload/rows.ts";
import type { SparkplugSettings } from "#config/gateway/sparkplug.ts";
import type { Clock } from "#core/clock.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import type { TopicRouter } from "../topic-router.ts";
import { EdgeNode, type NodeOutcome } from "./edge-node.ts";
import { HostState, type Publish } from "./host-state.ts";
import {
  CONTROL,
  MessageWriter,
  READINGS_MAX,
  ROW_SETTINGS,
  type TargetOf,
} from "./message-writer.ts";
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
/** A node that does not answer, or gives births that do not help, is not asked more often. */
const REBIRTH_INTERVAL_MS = 10_000;
const REBIRTH = "Node Control/Rebirth";
const BOOLEAN = 11;

const STALE = "stale";

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
    sparkplug_retained_ignored: 0,
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
  decode(topic: string, payload: Uint8Array, batch: ReadingBatch, isRetained = false): boolean {
    if (this.state.heard(topic, payload)) return false;
    const parsed = parseTopic(topic);
    if (!parsed || !this.#isMine(parsed.group)) return false;
    if (isRetained) return this.#ignoreRetained(parsed);
    const known = this.#knownNode(parsed);
    if (!known) return false;
    const message = decodePayload(payload);
    const outcome = known.node.handle(parsed.type, parsed.device, message);
    this.#count(parsed, outcome);
    if (outcome.rebirth !== undefined) this.#askForBirth(parsed, known, outcome.rebirth);
    const targetOf: TargetOf = (device) => this.targetOf(parsed, device);
    const nowMs = this.#options.clock.now();
    const writer = new MessageWriter(parsed.type, targetOf, message.timestamp, nowMs, batch);
    return writer.write(outcome);
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

  /**
   * Nodes must not have their messages retained (3.0.0, chapter 5): an old birth would bring a dead
   * node back to life, and put its sequence numbers out of step.
   */
  #ignoreRetained({ group, type, node }: SparkplugTopic): false {
    this.#counters.sparkplug_retained_ignored += 1;
    const message = "a Sparkplug node has its messages retained: those are left out";
    this.#log.warn("retained", { group, node, type }, message);
    return false;
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
