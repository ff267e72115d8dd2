/**
 * Where all readings of the gateway pass: assessed, judged, raised as alarms, thinned out, then
 * stored. Alarms come before the append and never wait for it; a copy of a stored message is answered before any judging.
 */
import type { LocalAlarms } from "#agent/alarms/contract.ts";
import type { BufferWriter } from "#agent/buffer/contract.ts";
import {
  type AcceptOutcome,
  type Intake,
  ReadingBatch,
  type Series,
} from "#agent/sources/contract.ts";
import { type AlarmTransition, movedTo } from "#core/alarm.ts";
import type { AlarmPlace } from "#core/alarms/state-key.ts";
import { isBootTime } from "#core/boot-time.ts";
import type { SeriesDescription } from "#core/chunk.ts";
import type { Clock } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import { AlarmLog } from "./alarm-log.ts";
import { Conditioning } from "./conditioning.ts";
import { DetectorDesk } from "./detector-desk.ts";
import { Judge, type Now } from "./judge.ts";
import { LatestValues } from "./latest-values.ts";
import { GROUP_TAG } from "./learnt.ts";
import { SERIES_MAX_DEFAULT, SeriesRegistry } from "./series-registry.ts";
import { type DeviceProfile, ownEntry, UNKNOWN_DEVICE } from "./series-settings.ts";
import type { SeriesWatches } from "./series-watch.ts";
import { UnsentTransitions } from "./unsent-transitions.ts";
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
const NO_DESCRIPTIONS: readonly SeriesDescription[] = Object.freeze([]);

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
  readonly #alarmLog: AlarmLog;
  readonly #listenerLog: RateLimitedLog;
  readonly #unsent = new UnsentTransitions();
  #isPassingOn = false;
  #stored = 0;
  #duplicates = 0;
  #rejected = 0;

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
    this.#alarmLog = new AlarmLog(options.log, options.clock);
    this.#listenerLog = new RateLimitedLog(options.log, options.clock);
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
    if (!found) return thinned.length === 0 ? "stored" : this.#store(thinned, NO_TRANSITIONS);
    // A device that sends again after a kill of ours is answered without judging. So its alarm is
    // kept before its message is stored.
    await found.kept;
    const since = this.#copyOf(batch);
    if (!since) return await this.#store(thinned, found.transitions);
    this.#unsent.keep(found.transitions);
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
    void this.#passOn();
  }

  /**
   * Transitions that the sink may not have heard of, because the process before this one was killed.
   * It knows a repeat by its id.
   */
  resend(transitions: readonly AlarmTransition[]): void {
    this.#unsent.keep(transitions);
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
    this.#announce(this.#options.alarms.take([transition]).news);
    this.#unsent.keep([transition]);
  }

  get counters(): IntakeCounters {
    return {
      readings: this.#stored,
      duplicates: this.#duplicates,
      notJudged: this.#judge.old,
      leftOut: this.#conditioning.leftOut,
      rejected: this.#rejected,
      transitionsLost: this.#unsent.lost,
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
    this.#duplicates += 1;
    return "duplicate";
  }

  /** What the detectors find; undefined for nothing. */
  #judged(batch: ReadingBatch, now: Now): Judged | undefined {
    let found: AlarmTransition[] | undefined;
    let transitions: AlarmTransition[] | undefined;
    this.#judge.judge(batch, now, (transition, readingTs) => {
      found ??= [];
      found.push(transition);
      transitions ??= [];
      // What is stored has the reading's own time, and is told in wall time when it is sent.
      transitions.push(isBootTime(readingTs) ? movedTo(transition, readingTs) : transition);
    });
    if (!found || !transitions) return undefined;
    const { news, kept } = this.#options.alarms.take(found);
    this.#announce(news);
    return { transitions, kept };
  }

  #announce(news: readonly AlarmTransition[]): void {
    for (const transition of news) {
      this.#alarmLog.write(transition);
      try {
        this.#options.onAlarm?.(transition);
      } catch (error) {
        // A listener that fails must cost neither the other alarms nor the readings.
        this.#listenerLog.warn("listener", { err: messageOf(error) }, "cannot pass on an alarm");
      }
    }
  }

  /** What no reading takes along: a gateway whose buses are all dead has none. */
  async #passOn(): Promise<void> {
    if (this.#unsent.isEmpty || this.#isPassingOn) return;
    this.#isPassingOn = true;
    try {
      await this.#store(new ReadingBatch("gateway"), NO_TRANSITIONS);
    } catch (error) {
      // They are kept for the next turn; whoever stores readings hears of it, too.
      this.#listenerLog.warn("unsent", { err: messageOf(error) }, "alarms wait for the buffer");
    } finally {
      this.#isPassingOn = false;
    }
  }

  async #store(
    batch: ReadingBatch,
    transitions: readonly AlarmTransition[],
  ): Promise<AcceptOutcome> {
    const untold = this.#registry.takeUntold(batch.series);
    const late = this.#unsent.take();
    const input = {
      batch,
      transitions: late.length === 0 ? transitions : [...late, ...transitions],
      descriptions: untold ? this.#descriptionsOf(untold) : NO_DESCRIPTIONS,
    };
    try {
      const outcome = await this.#options.buffer.append(input);
      if (outcome === "stored") this.#stored += batch.length;
      else if (outcome === "duplicate") this.#duplicates += 1;
      return outcome;
    } catch (error) {
      this.#rejected += batch.length;
      this.#unsent.keep(input.transitions);
      if (untold) this.#registry.untell(untold);
      throw error;
    }
  }

  #descriptionsOf(series: readonly Series[]): SeriesDescription[] {
    return series.map(({ index, device, tag }) => ({
      ...(this.#registry.descriptionAt(index) ?? { device, tag }),
    }));
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
