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
  type Trouble,
} from "#agent/sources/contract.ts";
import { HandOver } from "#agent/sources/hand-over.ts";
import type { SerialBusSettings } from "#config/gateway/serial-bus.ts";
import type { TagSettings } from "#config/gateway/tag.ts";
import { backOff } from "#core/back-off.ts";
import type { Clock, Timer } from "#core/clock.ts";
import { isAbort, messageOf } from "#core/errors.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import { Asker } from "./asker.ts";
import { Field, type FieldValue } from "./field.ts";
import { createFramer, type Framer } from "./framing.ts";
import { LineHealth } from "./line-health.ts";
import { createLineReader, type LineReader } from "./line-reader.ts";
import { openPort, type PortSession } from "./port-session.ts";
import { sampleOf } from "./sample.ts";

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

/** What a line that says nothing is worth. */
const SILENT: FieldValue = { value: null, quality: "bad", reason: "timeout" };

interface Target {
  series: Series;
  field: Field;
}

export class SerialLine implements Source {
  readonly #options: SerialLineOptions;
  readonly #log: RateLimitedLog;
  readonly #stopping = new AbortController();
  readonly #handOver: HandOver;
  readonly #framer: Framer;
  readonly #reader: LineReader;
  readonly #asker: Asker;
  readonly #health: LineHealth;
  readonly #targets = new Map<string, Target>();
  readonly #counters = {
    bytes: 0,
    lines: 0,
    lines_matched: 0,
    lines_unmatched: 0,
    invalid_values: 0,
    silences: 0,
    questions_unanswered: 0,
    opens: 0,
    open_failures: 0,
    disconnects: 0,
  };
  #state: "stopped" | "starting" | "running" = "stopped";
  #session: PortSession | undefined;
  #silence: Timer | undefined;
  #idle: Timer | undefined;
  #running: Promise<void> | undefined;

  constructor(options: SerialLineOptions) {
    this.#options = options;
    const { settings, intake, log, clock } = options;
    this.#log = new RateLimitedLog(log.child({ bus: options.name }), clock);
    this.#handOver = new HandOver(intake, this.#log);
    this.#health = new LineHealth(options);
    this.#framer = createFramer(settings.frame);
    this.#reader = createLineReader(settings, Object.keys(options.tags));
    this.#asker = new Asker({
      questions: settings.ask === undefined ? [] : [settings.ask].flat(),
      clock,
      send: (bytes) => this.#session?.send(bytes),
      onUnanswered: (question, tags) => this.#unanswered(question, tags),
    });
  }

  /** Begins to listen. A missing port is no error: the line goes on trying. */
  async start(): Promise<void> {
    const { intake, device, name: source, tags } = this.#options;
    this.#state = "starting";
    for (const tag of this.#reader.tags) {
      const settings = tags[tag];
      const unit = settings?.unit;
      const series = intake.resolve(device, tag, { source, ...(unit !== undefined && { unit }) });
      this.#targets.set(tag, { series, field: new Field(settings) });
    }
    if (this.#targets.size === 0)
      this.#health.complain("nothing is read: the settings name no tags");
    this.#watchSilence();
    this.#asker.start();
    this.#running = this.#keepOpen();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const timer of [this.#silence, this.#idle]) timer?.cancel();
    this.#asker.stop();
    await this.#session?.close();
    await this.#running;
    await this.#handOver.settled();
    this.#state = "stopped";
  }

  status(): SourceStatus {
    const detail = this.#state === "stopped" ? undefined : this.#health.complaint;
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

  troubles(): readonly Trouble[] {
    return this.#state === "stopped" ? [] : this.#health.troubles;
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
      this.#health.portOpened();
      this.#framer.reset();
      this.#state = "running";
      if (this.#stopping.signal.aborted) await session.close();
      return session;
    } catch (error) {
      this.#counters.open_failures += 1;
      const why = messageOf(error);
      this.#health.portFailed(why);
      this.#log.warn("open", { err: why }, "serial port cannot be opened");
      return undefined;
    }
  }

  async #ended(session: PortSession): Promise<void> {
    const why = await session.closed;
    this.#session = undefined;
    if (this.#stopping.signal.aborted) return;
    this.#counters.disconnects += 1;
    const complaint = `${this.#options.settings.serial} was lost: ${why}`;
    this.#health.portFailed(complaint);
    this.#log.warn("lost", { err: complaint }, "serial port was lost");
  }

  #receive(bytes: Uint8Array): void {
    const { clock, settings } = this.#options;
    this.#counters.bytes += bytes.length;
    const frames = this.#framer.push(bytes);
    this.#health.received(bytes, frames.length > 0);
    this.#take(frames, clock.now());
    if (settings.frame.idle === undefined) return;
    // The frame was measured when its last byte came, not when the silence behind it was over.
    const ts = clock.now();
    this.#idle?.cancel();
    this.#idle = clock.after("serial idle", settings.frame.idle, () => {
      this.#take(this.#framer.idle(), ts);
    });
  }

  #take(frames: readonly Buffer[], ts: number): void {
    const batch = new ReadingBatch(this.#options.name);
    const matchedBefore = this.#counters.lines_matched;
    for (const frame of frames) this.#read(frame, ts, batch);
    if (this.#counters.lines_matched === matchedBefore) return;
    this.#health.matched();
    this.#watchSilence();
    this.#handOver.give(batch);
  }

  #read(frame: Buffer, ts: number, batch: ReadingBatch): void {
    this.#counters.lines += 1;
    const line = frame.toString("latin1");
    if (!this.#asker.accepts(line)) {
      return this.#complain(frame, "is not the answer that was expected");
    }
    const outcome = this.#reader.read(line);
    if (outcome.kind === "unmatched") return this.#complain(frame, outcome.why);
    if (outcome.kind === "other" || outcome.found.length === 0) return;
    this.#counters.lines_matched += 1;
    this.#asker.answered(outcome.found.map(({ tag }) => tag));
    for (const { tag, text } of outcome.found) this.#add(tag, text, ts, batch);
  }

  #complain(frame: Buffer, why: string): void {
    this.#counters.lines_unmatched += 1;
    const sample = sampleOf(frame);
    this.#health.unmatched(`a line ${why}: "${sample.text}" (${sample.hex})`);
    this.#log.warn("unmatched", { ...sample, why }, "a serial line cannot be read");
  }

  #add(tag: string, text: string, ts: number, batch: ReadingBatch): void {
    const target = this.#targets.get(tag);
    if (!target) return;
    const field = target.field.read(text);
    if (field.value === null) this.#counters.invalid_values += 1;
    batch.add(target.series, ts, field.value, field.quality, field.reason);
  }

  #watchSilence(): void {
    const { clock, settings } = this.#options;
    this.#silence?.cancel();
    this.#silence = clock.every("serial silence", settings.silence, () => this.#silent());
  }

  #silent(): void {
    this.#counters.silences += 1;
    this.#giveBad();
    this.#health.silent();
    if (this.#session && !this.#session.isSameDevice) void this.#session.close();
  }

  #unanswered(question: string, tags: ReadonlySet<string> | undefined): void {
    // Without a port nobody was asked, and that is told already.
    if (!this.#session) return;
    this.#counters.questions_unanswered += 1;
    this.#giveBad(tags);
    this.#health.complain(`there is no answer to ${JSON.stringify(question)}`);
  }

  /** @param tags all, if left out */
  #giveBad(tags?: ReadonlySet<string>): void {
    const { clock, name } = this.#options;
    const batch = new ReadingBatch(name);
    const ts = clock.now();
    for (const [tag, { series }] of this.#targets) {
      if (tags?.has(tag) ?? true) {
        batch.add(series, ts, SILENT.value, SILENT.quality, SILENT.reason);
      }
    }
    this.#handOver.give(batch);
  }
}
