/**
 * A serial line as a source: a device that talks by itself, line by line. The port may be missing,
 * taken or pulled out; it is opened again by back-off, for ever. A line that says nothing that
 * matches for the silence time is reported as bad, once a silence time.
 */
import {
  type Intake,
  ReadingBatch,
  type Series,
  type Source,
  type SourceStatus,
} from "#agent/sources/contract.ts";
import { HandOver } from "#agent/sources/hand-over.ts";
import { createScaler, type Scaler } from "#agent/sources/scaling.ts";
import type { SerialBusSettings, TagSettings } from "#config/gateway.ts";
import { backOff } from "#core/back-off.ts";
import type { Clock, Timer } from "#core/clock.ts";
import { isAbort, messageOf } from "#core/errors.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import { DelimiterFramer } from "./framer.ts";
import { LineMatcher } from "./matcher.ts";
import { openPort, type PortSession } from "./port-session.ts";
import { sampleOf } from "./sample.ts";
import { parseStrictNumber } from "./strict-number.ts";

export interface SerialLineOptions {
  /** The bus's name: readings are counted under it. */
  name: string;
  settings: SerialBusSettings;
  device: string;
  /** What the file says of the tags; groups of the pattern that it leaves out are tags as well. */
  tags: Readonly<Record<string, TagSettings>>;
  intake: Intake;
  clock: Clock;
  random: Random;
  log: Logger;
}

const REOPEN = { firstMs: 200, maxMs: 5000 };

interface Target {
  series: Series;
  scaled: Scaler;
}

export class SerialLine implements Source {
  readonly #options: SerialLineOptions;
  readonly #log: RateLimitedLog;
  readonly #stopping = new AbortController();
  readonly #handOver: HandOver;
  readonly #framer: DelimiterFramer;
  readonly #matcher: LineMatcher;
  readonly #targets = new Map<string, Target>();
  readonly #counters = {
    bytes: 0,
    lines: 0,
    lines_matched: 0,
    lines_unmatched: 0,
    invalid_values: 0,
    silences: 0,
    opens: 0,
    open_failures: 0,
    disconnects: 0,
  };
  #state: "stopped" | "starting" | "running" = "stopped";
  #session: PortSession | undefined;
  #portError: string | undefined;
  #lineError: string | undefined;
  #silence: Timer | undefined;
  #running: Promise<void> | undefined;

  constructor(options: SerialLineOptions) {
    this.#options = options;
    const { settings, intake, log, clock } = options;
    this.#log = new RateLimitedLog(log.child({ bus: options.name }), clock);
    this.#handOver = new HandOver(intake, this.#log);
    const { delimiter, maxLength } = settings.frame;
    this.#framer = new DelimiterFramer(Buffer.from(delimiter, "latin1"), maxLength);
    this.#matcher = new LineMatcher(settings.match);
  }

  /** Begins to listen. A missing port is no error: the line goes on trying. */
  async start(): Promise<void> {
    const { intake, device, name: source, tags } = this.#options;
    this.#state = "starting";
    for (const tag of this.#matcher.tags) {
      const settings = tags[tag];
      const unit = settings?.unit;
      const series = intake.resolve(device, tag, { source, ...(unit !== undefined && { unit }) });
      const scaled = createScaler(settings?.scale ?? 1, settings?.offset ?? 0);
      this.#targets.set(tag, { series, scaled });
    }
    this.#watchSilence();
    this.#running = this.#keepOpen();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#silence?.cancel();
    await this.#session?.close();
    await this.#running;
    await this.#handOver.settled();
    this.#state = "stopped";
  }

  status(): SourceStatus {
    const detail = this.#state === "stopped" ? undefined : (this.#portError ?? this.#lineError);
    const { readings, readingsLost } = this.#handOver.counters;
    return {
      name: this.#options.name,
      kind: "serial",
      state: detail === undefined ? this.#state : "degraded",
      ...(detail !== undefined && { detail }),
      counters: {
        ...this.#counters,
        lines_too_long: this.#framer.tooLong,
        readings,
        readings_lost: readingsLost,
      },
    };
  }

  async #keepOpen(): Promise<void> {
    const { clock, random } = this.#options;
    const { signal } = this.#stopping;
    let delays = backOff(REOPEN, random);
    while (!signal.aborted) {
      const session = await this.#open();
      if (session) {
        delays = backOff(REOPEN, random);
        await this.#ended(session);
      }
      try {
        await clock.sleep(delays.next().value, { name: "serial reopen", signal });
      } catch (error) {
        if (isAbort(error)) return;
        throw error;
      }
    }
  }

  async #open(): Promise<PortSession | undefined> {
    const { settings } = this.#options;
    try {
      const session = await openPort(settings, (bytes) => this.#receive(bytes));
      this.#session = session;
      this.#counters.opens += 1;
      this.#portError = undefined;
      this.#framer.reset();
      this.#state = "running";
      if (this.#stopping.signal.aborted) await session.close();
      return session;
    } catch (error) {
      this.#counters.open_failures += 1;
      this.#portError = messageOf(error);
      this.#log.warn("open", { err: this.#portError }, "serial port cannot be opened");
      return undefined;
    }
  }

  async #ended(session: PortSession): Promise<void> {
    const why = await session.closed;
    this.#session = undefined;
    if (this.#stopping.signal.aborted) return;
    this.#counters.disconnects += 1;
    this.#portError = `${this.#options.settings.serial} was lost: ${why}`;
    this.#log.warn("lost", { err: this.#portError }, "serial port was lost");
  }

  #receive(bytes: Uint8Array): void {
    const ts = this.#options.clock.now();
    const batch = new ReadingBatch(this.#options.name);
    this.#counters.bytes += bytes.length;
    for (const frame of this.#framer.push(bytes)) this.#read(frame, ts, batch);
    if (batch.length === 0) return;
    this.#lineError = undefined;
    this.#watchSilence();
    this.#handOver.give(batch);
  }

  #read(frame: Buffer, ts: number, batch: ReadingBatch): void {
    this.#counters.lines += 1;
    const found = this.#matcher.match(frame.toString("latin1"));
    if (!found) {
      this.#counters.lines_unmatched += 1;
      const sample = sampleOf(frame);
      this.#lineError = `a line does not match the pattern: "${sample.text}" (${sample.hex})`;
      this.#log.warn("unmatched", { ...sample }, "serial line does not match the pattern");
      return;
    }
    this.#counters.lines_matched += 1;
    for (const { tag, text } of found) this.#add(tag, text, ts, batch);
  }

  #add(tag: string, text: string, ts: number, batch: ReadingBatch): void {
    const target = this.#targets.get(tag);
    if (!target) return;
    const value = parseStrictNumber(text);
    if (value === undefined) {
      this.#counters.invalid_values += 1;
      batch.add(target.series, ts, null, "bad", "not a number");
    } else {
      batch.add(target.series, ts, target.scaled(value));
    }
  }

  #watchSilence(): void {
    const { clock, settings } = this.#options;
    this.#silence?.cancel();
    this.#silence = clock.every("serial silence", settings.silence, () => this.#silent());
  }

  #silent(): void {
    const { clock, name } = this.#options;
    this.#counters.silences += 1;
    const batch = new ReadingBatch(name);
    const ts = clock.now();
    for (const { series } of this.#targets.values()) batch.add(series, ts, null, "bad", "timeout");
    this.#handOver.give(batch);
    this.#lineError ??= "nothing was received for the silence time";
    if (this.#session && !this.#session.isSameDevice) void this.#session.close();
  }
}
