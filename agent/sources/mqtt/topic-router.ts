/**
 * From a topic to the series behind it. What was looked up once is remembered, so that a message of
 * a known topic costs one look-up for the topic and one a tag; the memory is bounded, and forgotten
 * as a whole at its bound, because a hostile sender would displace the good entries anyway.
 */

import type { Intake, Series } from "#agent/sources/contract.ts";
import type { MessageDecoder, Target } from "#agent/sources/payload/rows.ts";
import type { StampLimits } from "#agent/sources/payload/time-stamp.ts";
import type { TopicRule } from "#config/gateway/mqtt.ts";
import { PenstockError } from "#core/errors.ts";
import { isOwnDevice, isOwnTag } from "#core/own-names.ts";
import { type CompiledRule, compileRule, matchTopic } from "./topic-pattern.ts";

/** Topics and tags that are remembered, together. */
const ENTRIES_MAX = 200_000;

const NAME_CHARACTERS_MAX = 128;

/** Controls (NUL among them), and what stands for bytes that were no text. */
const UNPRINTABLE = /[\p{Cc}\uFFFD]/u;

export interface Route extends Target {
  readonly decoder: MessageDecoder;
}

export class TopicRouter {
  /** Readings left out because their series could not be made: the gateway's limit is reached. */
  seriesRefused = 0;
  /** Readings left out because of a name that is empty, too long, or holds control characters. */
  namesRefused = 0;
  readonly #rules: readonly CompiledRule[];
  readonly #intake: Intake;
  readonly #source: string;
  readonly #stampLimits: StampLimits | undefined;
  readonly #routes = new Map<string, Route>();
  readonly #devices = new Map<string, Target>();
  #entries = 0;

  /** @throws PenstockError CONFIG_INVALID */
  constructor(
    rules: readonly TopicRule[],
    intake: Intake,
    source: string,
    stampLimits?: StampLimits,
  ) {
    this.#rules = rules.map(compileRule);
    this.#intake = intake;
    this.#source = source;
    this.#stampLimits = stampLimits;
  }

  /** Members of payloads that were no values. */
  get valuesSkipped(): number {
    return this.#rules.reduce((sum, rule) => sum + rule.decoder.valuesSkipped, 0);
  }

  /** Undefined where no rule matches the topic. */
  route(topic: string): Route | undefined {
    const known = this.#routes.get(topic);
    if (known) return known;
    const match = matchTopic(this.#rules, topic);
    if (!match) return undefined;
    const { rule, device, tag } = match;
    const route: Route = { ...this.#targetOf(device, tag), decoder: rule.decoder };
    this.#remember();
    this.#routes.set(topic, route);
    return route;
  }

  /** The target of a device that no rule names, and whose payloads name the tags. */
  deviceTarget(device: string): Target {
    const known = this.#devices.get(device);
    if (known) return known;
    const target = this.#targetOf(device, undefined);
    this.#remember();
    this.#devices.set(device, target);
    return target;
  }

  #targetOf(device: string, tag: string | undefined): Target {
    const seriesByTag = new Map<string, Series>();
    const seriesOf = (name: string): Series | undefined =>
      seriesByTag.get(name) ?? this.#resolve(device, name, seriesByTag);
    return { tag, seriesOf, stampLimits: this.#stampLimits };
  }

  #resolve(device: string, tag: string, seriesByTag: Map<string, Series>): Series | undefined {
    if (!isName(device) || !isName(tag) || isOwnDevice(device) || isOwnTag(tag)) {
      this.namesRefused += 1;
      return undefined;
    }
    try {
      const series = this.#intake.resolve(device, tag, { source: this.#source });
      this.#remember();
      seriesByTag.set(tag, series);
      return series;
    } catch (error) {
      if (!(error instanceof PenstockError) || error.code !== "SERIES_LIMIT") throw error;
      this.seriesRefused += 1;
      return undefined;
    }
  }

  #remember(): void {
    this.#entries += 1;
    if (this.#entries <= ENTRIES_MAX) return;
    this.#routes.clear();
    this.#devices.clear();
    this.#entries = 1;
  }
}

function isName(name: string): boolean {
  return (
    name !== "" &&
    name.length <= NAME_CHARACTERS_MAX &&
    !UNPRINTABLE.test(name) &&
    name.isWellFormed()
  );
}
