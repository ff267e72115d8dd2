/**
 * Collects what the next segment will hold, divided by lane. Sealed once, into the chunks' lines:
 * from then on identities and bytes are fixed, and a commit that fails is repeated with them.
 */
import type { ReadingBatch } from "#agent/sources/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import {
  type Block,
  type ChunkContent,
  type GapRecord,
  readingsInBlock,
  type SeriesDescription,
} from "#core/chunk.ts";
import { encodeChunk } from "#core/chunk-codec.ts";
import { laneOf } from "#core/lane.ts";
import type { SegmentInput } from "./contract.ts";
import { LaneBuilder } from "./lane-builder.ts";
import type { SegmentChunk } from "./segment-codec.ts";

/** Rough size of a reading in a line, for deciding when a segment is full. */
const READING_BYTES = 24;
/** What alarms and descriptions take, roughly. */
const RECORD_BYTES = 200;
const RECORDS_PER_CHUNK_MAX = 1000;
/** Some 400 KB of JSON. Fewer where there is no hurry: a segment of 256 KiB counts as full. */
const READINGS_PER_CHUNK_MAX = 20_000;

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
    this.addTransitions(transitions);
    this.addDescriptions(descriptions);
    if (batch.fingerprint) this.#fingerprints.push(batch.fingerprint);
    if (batch.length === 0) return;
    const counted = this.#readingsBySource.get(batch.source) ?? 0;
    this.#readingsBySource.set(batch.source, counted + batch.length);
  }

  addTransitions(transitions: readonly AlarmTransition[]): void {
    for (const transition of transitions) {
      this.#laneOfDevice(transition.device).transitions.push(transition);
    }
    this.#bytes += transitions.length * RECORD_BYTES;
  }

  addDescriptions(descriptions: readonly SeriesDescription[]): void {
    for (const description of descriptions) {
      this.#laneOfDevice(description.device).descriptions.push(description);
    }
    this.#bytes += descriptions.length * RECORD_BYTES;
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
        const readings = content.kind === "readings" ? readingsIn(content.blocks) : 0;
        chunks.push({ lane, seq, readings, line });
      }
    }
    return chunks;
  }
}

/**
 * Descriptions go first, so that the sink knows a series before its readings come. What a hub takes
 * in one message is limited, so a long list becomes several chunks.
 */
function contentsOf(builder: LaneBuilder): ChunkContent[] {
  return [
    ...parts(builder.descriptions).map((series): ChunkContent => ({ kind: "meta", series })),
    ...blockParts(builder.blocks).map((blocks): ChunkContent => ({ kind: "readings", blocks })),
    ...parts(builder.transitions).map(
      (transitions): ChunkContent => ({ kind: "alarm", transitions }),
    ),
    ...parts(builder.gaps).map((gaps): ChunkContent => ({ kind: "gap", gaps })),
  ];
}

function parts<T>(items: readonly T[]): T[][] {
  const count = Math.ceil(items.length / RECORDS_PER_CHUNK_MAX);
  return Array.from({ length: count }, (_, part) =>
    items.slice(part * RECORDS_PER_CHUNK_MAX, (part + 1) * RECORDS_PER_CHUNK_MAX),
  );
}

function blockParts(blocks: readonly Block[]): Block[][] {
  const all: Block[][] = [];
  let readings = READINGS_PER_CHUNK_MAX;
  for (const block of blocks) {
    readings += readingsInBlock(block);
    if (readings > READINGS_PER_CHUNK_MAX) {
      all.push([]);
      readings = readingsInBlock(block);
    }
    all.at(-1)?.push(block);
  }
  return all;
}

function readingsIn(blocks: readonly Block[]): number {
  return blocks.reduce((sum, block) => sum + readingsInBlock(block), 0);
}
