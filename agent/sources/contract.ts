/**
 * What a source of readings gives, and whom it gives it to. A source resolves its tags to series
 * once, then hands over batches; what `accept` resolves is on disk.
 */
import type { ModbusBusSettings } from "#config/gateway/modbus-bus.ts";
import type { AlarmPriority } from "#core/alarm.ts";
import type { SeriesDescription } from "#core/chunk.ts";
import type { Quality, QualityReason, Value } from "#core/reading.ts";

/** A tag of a device of this gateway. */
export interface Series {
  /** Dense, from 0: the place of this series in the agent's tables. */
  readonly index: number;
  readonly device: string;
  readonly tag: string;
  /** The device's lane: its readings keep their order within it. */
  readonly lane: number;
}

/**
 * Readings that are stored together or not at all: those of one message, or of one poll. Kept in
 * columns: at 100,000 readings a second an object a reading costs more than the reading.
 */
export class ReadingBatch {
  /** Which counter the readings belong to: `mqtt`, or the bus's name. */
  readonly source: string;
  readonly series: Series[] = [];
  readonly ts: number[] = [];
  readonly values: Value[] = [];
  readonly qualities: Quality[] = [];
  readonly reasons: (QualityReason | undefined)[] = [];
  /**
   * Digest (at least 12 bytes) of client, topic and payload, for a message that its sender may
   * repeat and that carries its own time. Left out where a repeat cannot be told from news.
   */
  fingerprint: Uint8Array | undefined;

  #historical: Set<number> | undefined;

  constructor(source: string) {
    this.source = source;
  }

  /** The reading at this place tells of the past: it is stored, and neither judged nor shown. */
  markHistorical(index: number): void {
    this.#historical ??= new Set();
    this.#historical.add(index);
  }

  isHistorical(index: number): boolean {
    return this.#historical?.has(index) ?? false;
  }

  get length(): number {
    return this.series.length;
  }

  add(
    series: Series,
    ts: number,
    value: Value,
    quality: Quality = "good",
    reason?: QualityReason,
  ): void {
    this.series.push(series);
    this.ts.push(ts);
    this.values.push(value);
    this.qualities.push(quality);
    this.reasons.push(reason);
  }
}

/**
 * `duplicate`: the same message was stored before; acknowledge it again, count it once.
 * `dropped`: the buffer is full and its owner chose `drop-newest`; counted, and told to the sink.
 */
export type AcceptOutcome = "stored" | "duplicate" | "dropped";

export interface Intake {
  /**
   * The series of a device's tag, made at first sight.
   * @throws PenstockError SERIES_LIMIT
   */
  resolve(device: string, tag: string, description?: Partial<SeriesDescription>): Series;
  /**
   * Judges the readings, raises local alarms, and stores them. Resolves when they are on disk.
   * @throws PenstockError BUFFER_FULL, BUFFER_FAILED: nothing of the batch was kept
   */
  accept(batch: ReadingBatch): Promise<AcceptOutcome>;
}

/** What a source says of itself in `/api/status` and `/metrics`. */
export interface SourceStatus {
  name: string;
  kind: "mqtt-broker" | "mqtt-remote" | `modbus-${ModbusBusSettings["modbus"]}` | "serial";
  state: "stopped" | "starting" | "running" | "degraded";
  /** One sentence, where the state is degraded, or stopped because it cannot start. */
  detail?: string;
  /** Cumulative, by stable names in snake_case: they become metrics. */
  counters: Readonly<Record<string, number>>;
}

/**
 * What people should know of while it lasts: it becomes a local alarm. `stopped`: the source cannot
 * start. `dead`: there is no way to any of a bus's devices. `noisy`: bytes come that nobody can read.
 * `silent`: one device gives no readings.
 */
export interface Trouble {
  /** Or `GATEWAY_DEVICE`, where it concerns no one device. */
  device: string;
  /** Or `DEVICE_TAG`, where it concerns a device as a whole; the bus's name, where a bus. */
  tag: string;
  rule: "stopped" | "dead" | "noisy" | "silent";
  priority: AlarmPriority;
  /** A sentence for a person on the shop floor, with what to look at. */
  message: string;
}

export interface Source {
  /**
   * Starts to read. A device that is absent is no error: the source goes on trying.
   * @throws PenstockError for what it needs of this machine: a port, a file
   */
  start(): Promise<void>;
  /** Ends all I/O; waits for what is being accepted. */
  stop(): Promise<void>;
  status(): SourceStatus;
  /** What stands now, while it runs; left out by a source that has none. */
  troubles?(): readonly Trouble[];
}
