/**
 * A chunk is the unit of deduplication: readings (or alarms, or series' descriptions, or an account
 * of what was dropped) of one lane, with an identity that a re-send keeps.
 */
import { z } from "zod";
import type { AlarmTransition } from "./alarm.ts";
import type { Quality, QualityReason, Value } from "./reading.ts";

export const CHUNK_VERSION = 1;

export interface ChunkId {
  gateway: string;
  /** Random; made with the gateway's buffer. A new buffer, or a cloned one, has its own. */
  epoch: string;
  lane: number;
  /** Counts up without gaps within (gateway, epoch, lane), from 0. */
  seq: number;
}

/** Marks one value of a block as not good. */
export interface QualityMark {
  column: number;
  row: number;
  quality: Quality;
  reason: QualityReason;
}

/** Readings of one device whose tags share their times: `columns[i][j]` is tag i at time j. */
export interface Block {
  device: string;
  tags: string[];
  /** Milliseconds since 1970, one a row. */
  ts: number[];
  columns: Value[][];
  /** Values without a mark are good. */
  marks: QualityMark[];
}

/** What a series is, apart from its values. Fills the sink's device registry. */
export const seriesDescription = z.object({
  device: z.string().min(1),
  tag: z.string().min(1),
  unit: z.string().optional(),
  site: z.string().optional(),
  line: z.string().optional(),
  /** Where the series comes from: `mqtt`, or the bus's name. */
  source: z.string().optional(),
});

export type SeriesDescription = z.infer<typeof seriesDescription>;

/** Tells the sink that readings are missing on purpose, and why. */
export const gapRecord = z.object({
  /** Epoch of the missing chunks, where it is not the one of the chunk that tells of them. */
  epoch: z.string().optional(),
  /** First and last missing seq of the chunk's own lane, where whole chunks went. */
  fromSeq: z.int().min(0).optional(),
  toSeq: z.int().min(0).optional(),
  readings: z.int().min(0),
  reason: z.string(),
});

export type GapRecord = z.infer<typeof gapRecord>;

export type ChunkContent =
  | { kind: "readings"; blocks: Block[] }
  | { kind: "alarm"; transitions: AlarmTransition[] }
  | { kind: "meta"; series: SeriesDescription[] }
  | { kind: "gap"; gaps: GapRecord[] };

export interface Chunk {
  id: ChunkId;
  content: ChunkContent;
}

/** How many readings a block holds: each value counts, bad ones too. */
export function readingsInBlock(block: Block): number {
  return block.ts.length * block.tags.length;
}
