/**
 * Collects what the next segment will hold, divided by lane. Sealed once, into the chunks' lines:
 * from then on identities and bytes are fixed, and a commit that fails is repeated with them.
 */
import type { ReadingBatch } from "#agent/sources/contract.ts";
import type { ChunkContent, GapRecord } from "#core/chunk.ts";
import { encodeChunk } from "#core/chunk-codec.ts";
import { laneOf } from "#core/lane.ts";
import type { SegmentInput } from "./contract.ts";
import { LaneBuilder } from "./lane-builder.ts";
import type { SegmentChunk } from "./segment-codec.ts";

/** Rough size of a reading in a line, for deciding when a segment is full. */
const READING_BYTES = 24;
/** What alarms and descriptions take, roughly. */
const RECORD_BYTES = 200;

export class SegmentBuilder {
  readonly #lanes: (LaneBuilder | undefined)[];
  readonly #fingerprints: Uint8Array[] = [];
  readonly #readingsBySource = new Map<string, number>();
  #bytes = 0;

  constructor(lanes: number) {
    this.#lanes = Array.from({ length: lanes }, () => undefined);
  }

  /** About how many bytes the lines will take. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  get fingerprints(): readonly Uint8Array[] {
    return this.#fingerprints;
  }

  get readingsBySource(): ReadonlyMap<string, number> {
    return this.#readingsBySource;
  }

  add(input: SegmentInput): void {
    const { batch, transitions, descriptions } = input;
    this.#addReadings(batch);
    for (const transition of transitions) {
      this.#laneOfDevice(transition.device).transitions.push(transition);
    }
    for (const description of descriptions) {
      this.#laneOfDevice(description.device).descriptions.push(description);
    }
    this.#bytes += (transitions.length + descriptions.length) * RECORD_BYTES;
    if (batch.fingerprint) this.#fingerprints.push(batch.fingerprint);
    const counted = this.#readingsBySource.get(batch.source) ?? 0;
    this.#readingsBySource.set(batch.source, counted + batch.length);
  }

  addGap(lane: number, gap: GapRecord): void {
    this.#lane(lane).addGap(gap);
    this.#bytes += RECORD_BYTES;
  }

  /** Splits the batch into rows: runs of one device and one time. */
  #addReadings(batch: ReadingBatch): void {
    const { series, ts, values } = batch;
    let from = 0;
    for (let i = 0; i < batch.length; i++) {
      const value = values[i];
      this.#bytes += READING_BYTES + (typeof value === "string" ? value.length * 2 : 0);
      const next = series[i + 1];
      if (next?.device === series[from]?.device && ts[i + 1] === ts[from]) continue;
      this.#lane(series[from]?.lane ?? 0).addRow(batch, from, i + 1);
      from = i + 1;
    }
  }

  #laneOfDevice(device: string): LaneBuilder {
    return this.#lane(laneOf(device, this.#lanes.length));
  }

  #lane(lane: number): LaneBuilder {
    const known = this.#lanes[lane];
    if (known) return known;
    const made = new LaneBuilder();
    this.#lanes[lane] = made;
    return made;
  }

  /** The chunks of this segment; `nextSeq` (one a lane) is advanced. */
  seal(gateway: string, epoch: string, nextSeq: number[]): SegmentChunk[] {
    const chunks: SegmentChunk[] = [];
    for (const [lane, builder] of this.#lanes.entries()) {
      if (!builder) continue;
      for (const content of contentsOf(builder)) {
        const seq = nextSeq[lane] ?? 0;
        nextSeq[lane] = seq + 1;
        const line = encodeChunk({ id: { gateway, epoch, lane, seq }, content });
        const readings = content.kind === "readings" ? builder.readings : 0;
        chunks.push({ lane, seq, readings, line });
      }
    }
    return chunks;
  }
}

/** Descriptions go first, so that the sink knows a series before its readings come. */
function contentsOf(builder: LaneBuilder): ChunkContent[] {
  const contents: ChunkContent[] = [];
  if (builder.descriptions.length > 0) {
    contents.push({ kind: "meta", series: builder.descriptions });
  }
  if (builder.blocks.length > 0) contents.push({ kind: "readings", blocks: builder.blocks });
  if (builder.transitions.length > 0) {
    contents.push({ kind: "alarm", transitions: builder.transitions });
  }
  if (builder.gaps.length > 0) contents.push({ kind: "gap", gaps: builder.gaps });
  return contents;
}
