/**
 * Where all readings of the gateway pass: assessed, judged, raised as alarms, thinned out, then
 * stored. Alarms come before the append and never wait for it; a copy of a stored message is answered before any judging.
 */

import type { LocalAlarms } from "#agent/alarms/contract.ts";
import type { BufferWriter } from "#agent/buffer/contract.ts";
import type { AcceptOutcome, Intake, ReadingBatch, Series } from "#agent/sources/contract.ts";
import { type AlarmTransition, movedTo } from "#core/alarm.ts";
import type { AlarmPlace } from "#core/alarms/state-key.ts";
import { isBootTime } from "#core/boot-time.ts";
import type { SeriesDescription } from "#core/chunk.ts";
import type { Clock } from "#core/clock.ts";
import type { Logger } from "#core/log.ts";
import { GROUP_TAG } from "#core/own-names.ts";
import { AlarmAnnouncer } from "./alarm-announcer.ts";
import { Conditioning } from "./conditioning.ts";
import { DetectorDesk } from "./detector-desk.ts";
import { Judge, type Now } from "./judge.ts";
import { LatestValues } from "./latest-values.ts";
import { SERIES_MAX_DEFAULT, SeriesRegistry } from "./series-registry.ts";
import { type DeviceProfile, ownEntry, UNKNOWN_DEVICE } from "./series-settings.ts";
import type { SeriesWatches } from "./series-watch.ts";
import { Storing } from "./storing.ts";
import { type ValueRow, ValueTable } from "./value-table.ts";

/** What the settings say of the series. */
export interface Plant {
  site?: string | undefined;
  /** By name, as in the gateway's file. */
  devices: Readonly<Record<string, DeviceProfile>>;
}

export interface ReadingIntakeOptions extends Plant {
  lanes: number;
  seriesMax?: number;
  buffer: BufferWriter;
  /** Keeps what the detectors find. */
  alarms: LocalAlarms;
  clock: Clock;
  /** Of a reading's time, which may be on the scale of the boot; left out, there are none such. */
  wallOf?: ((ts: number) => number) | undefined;
  log: Logger;
  /** Called for each transition that is news, while its reading is being taken in; must not block. */
  onAlarm?: ((transition: AlarmTransition) => void) | undefined;
}

/** Cumulative since the start, but for `series`. */
export interface IntakeCounters {
  /** Readings that are on disk. */
  readings: number;
  /** Copies of stored messages. */
  duplicates: number;
  /** Stored, but not judged: older than the newest of their series. */
  notJudged: number;
  /** Not stored, because a deadband or a filter of the file leaves them out. */
  leftOut: number;
  /** Readings of batches that the buffer refused. */
  rejected: number;
  /** Transitions that the sink will never see, because the buffer refused too many. */
  transitionsLost: number;
  series: number;
  seriesRefused: number;
}

/** What the detectors found in a batch. */
interface Judged {
  /** As they are stored. */
  readonly transitions: readonly AlarmTransition[];
  /** Resolves when a restart would know of them. */
  readonly kept: Promise<unknown>;
}

const NO_TRANSITIONS: readonly AlarmTransition[] = Object.freeze([]);

export class ReadingIntake implements Intake {
  /** The newest reading of each series. */
  readonly values: ValueTable;
  readonly detectors: DetectorDesk;
  readonly #options: ReadingIntakeOptions;
  #plant: Plant;
  readonly #registry: SeriesRegistry;
  readonly #latest = new LatestValues();
  readonly #conditioning: Conditioning;
  readonly #judge: Judge;
  readonly #announcer: AlarmAnnouncer;
  readonly #storing: Storing;
  /** Copies that were answered without storing them. */
  #copies = 0;

  constructor(options: ReadingIntakeOptions) {
    this.#options = options;
    this.#plant = options;
    this.#registry = new SeriesRegistry({
      lanes: options.lanes,
      seriesMax: options.seriesMax ?? SERIES_MAX_DEFAULT,
      describe: (device, tag) => describe(this.#plant, device, tag),
    });
    this.#conditioning = new Conditioning((device) => ownEntry(this.#plant.devices, device));
    this.#judge = new Judge({
      profile: (device) => ownEntry(this.#plant.devices, device) ?? UNKNOWN_DEVICE,
      latest: this.#latest,
      describe: (series) => this.#registry.descriptionAt(series.index) ?? series,
      wallOf: options.wallOf ?? ((ts) => ts),
      find: (device, tag) => this.#registry.find(device, tag),
      isActive: (device, tag, rule) => options.alarms.isActive({ device, tag, rule }),
    });
    this.values = new ValueTable(this.#registry, this.#latest);
    this.detectors = new DetectorDesk({
      registry: this.#registry,
      latest: this.#latest,
      watches: this.#judge.watches,
      groups: this.#judge.groups,
      clock: options.clock,
      raise: (transition) => this.raiseOwn(transition),
      expect: (device, tag, monotonicMs) =>
        this.#judge.expect(this.resolve(device, tag), monotonicMs),
    });
    this.#announcer = new AlarmAnnouncer(options);
    const { buffer, clock, log } = options;
    this.#storing = new Storing({ buffer, registry: this.#registry, clock, log });
  }

  resolve(device: string, tag: string, facts?: Partial<SeriesDescription>): Series {
    const series = this.#registry.resolve(device, tag, facts);
    if (series.index === this.#latest.size) {
      this.#latest.grow();
      this.#conditioning.add(series);
    }
    return series;
  }

  async accept(batch: ReadingBatch): Promise<AcceptOutcome> {
    const { clock } = this.#options;
    const copy = this.#copyOf(batch);
    if (copy) return await this.#answerLike(copy);
    this.#conditioning.assess(batch);
    const now = { wallMs: clock.now(), monotonicMs: clock.monotonic() };
    const found = this.#judged(batch, now);
    const thinned = this.#conditioning.thin(batch);
    if (!found)
      return thinned.length === 0 ? "stored" : this.#storing.store(thinned, NO_TRANSITIONS);
    // A device that sends again after a kill of ours is answered without judging. So its alarm is
    // kept before its message is stored.
    await found.kept;
    const since = this.#copyOf(batch);
    if (!since) return await this.#storing.store(thinned, found.transitions);
    this.#storing.keep(found.transitions);
    return await this.#answerLike(since);
  }

  /**
   * Goes over to other settings. What the detectors have learnt of a tag whose own have changed is
   * forgotten; an alarm ends where nothing watches for it any more.
   */
  reconfigure(plant: Plant, devices: readonly string[]): void {
    this.#plant = plant;
    const changed = new Set(devices);
    for (const device of changed) this.#judge.groups.reconsider(device);
    for (let index = 0; index < this.#registry.size; index++) {
      const series = this.#registry.at(index);
      if (!series || !changed.has(series.device)) continue;
      this.#registry.describeAnew(index);
      this.#conditioning.add(series);
      this.#judge.watches.reconsider(index);
    }
    const ts = this.#options.clock.now();
    for (const alarm of this.#options.alarms.active()) {
      if (!changed.has(alarm.device)) continue;
      const isExpected = ownEntry(plant.devices, alarm.device) !== undefined;
      if (this.isWatched(alarm) ?? isExpected) continue;
      const id = `${alarm.device}/${alarm.tag}/${alarm.rule}/cleared/settings ${ts}`;
      const message = `${alarm.device}/${alarm.tag}: its settings were changed`;
      this.raiseOwn({ ...alarm, id, state: "cleared", ts, message });
    }
  }

  /** Whether a detector would end that alarm; undefined for a series that has not been heard of. */
  isWatched({ device, tag, rule }: AlarmPlace): boolean | undefined {
    if (tag === GROUP_TAG) return this.#judge.groups.isWatched(device);
    const series = this.#registry.find(device, tag);
    return series && this.#judge.watches.of(series).monitor.watchesFor(rule);
  }

  /** The newest values of a device's series. */
  *valuesOf(device: string): Generator<ValueRow> {
    for (const { index } of this.#registry.ofDevice(device)) {
      const row = this.values.at(index);
      if (row) yield row;
    }
  }

  /** To be called every second or so: whoever has fallen silent is told of. */
  tick(): void {
    const { clock } = this.#options;
    const now = { wallMs: clock.now(), monotonicMs: clock.monotonic() };
    this.#judge.tick(now, (transition) => this.raiseOwn(transition));
    void this.#storing.passOn();
  }

  /**
   * Transitions that the sink may not have heard of, because the process before this one was killed.
   * It knows a repeat by its id.
   */
  resend(transitions: readonly AlarmTransition[]): void {
    this.#storing.keep(transitions);
  }

  /** What the detectors know of each series, and what they are doing. */
  get watches(): SeriesWatches {
    return this.#judge.watches;
  }

  /**
   * An alarm of the gateway's own, not of a reading. It is told here at once; the sink hears of it
   * with the next readings, or within a second.
   */
  raiseOwn(transition: AlarmTransition): void {
    const { taken, news } = this.#options.alarms.take([transition]);
    this.#announcer.announce(news);
    this.#storing.keep(taken);
  }

  get counters(): IntakeCounters {
    const { stored, duplicates, rejected, transitionsLost } = this.#storing.counters;
    return {
      readings: stored,
      duplicates: duplicates + this.#copies,
      notJudged: this.#judge.old,
      leftOut: this.#conditioning.leftOut,
      rejected,
      transitionsLost,
      series: this.#registry.size,
      seriesRefused: this.#registry.refused,
    };
  }

  /** A promise for a copy of a message that is, or is being, stored. */
  #copyOf({ fingerprint }: ReadingBatch): Promise<AcceptOutcome> | undefined {
    return fingerprint && this.#options.buffer.repeated(fingerprint);
  }

  async #answerLike(copy: Promise<AcceptOutcome>): Promise<AcceptOutcome> {
    await copy;
    this.#copies += 1;
    return "duplicate";
  }

  /** What the detectors find; undefined for nothing. */
  #judged(batch: ReadingBatch, now: Now): Judged | undefined {
    let found: AlarmTransition[] | undefined;
    let times: number[] | undefined;
    this.#judge.judge(batch, now, (transition, readingTs) => {
      found ??= [];
      found.push(transition);
      times ??= [];
      times.push(readingTs);
    });
    if (!found) return undefined;
    const { taken, news, kept } = this.#options.alarms.take(found);
    this.#announcer.announce(news);
    // What is stored has the reading's own time, and is told in wall time when it is sent.
    const transitions = taken.map((transition, at) => {
      const readingTs = times?.[at] ?? transition.ts;
      return isBootTime(readingTs) ? movedTo(transition, readingTs) : transition;
    });
    return { transitions, kept };
  }
}

function describe(options: Plant, device: string, tag: string): SeriesDescription {
  const profile = ownEntry(options.devices, device) ?? UNKNOWN_DEVICE;
  const unit = ownEntry(profile.tags, tag)?.unit;
  return {
    device,
    tag,
    ...(unit !== undefined && { unit }),
    ...(options.site !== undefined && { site: options.site }),
    ...(profile.line !== undefined && { line: profile.line }),
  };
}
