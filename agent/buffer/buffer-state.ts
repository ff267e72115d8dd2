/** What a buffer is, over restarts: whose it is, and how far it has counted. */
import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import type { GapRecord } from "#core/chunk.ts";
import { PenstockError } from "#core/errors.ts";

/** What changes with every segment, written in the segment's own batch. */
export interface BufferState {
  format: 1;
  gateway: string;
  epoch: string;
  machineId: string;
  lanes: number;
  /** One a lane. */
  nextSeq: number[];
  nextSegment: number;
  /** No segment below this number is left. */
  firstSegment: number;
  storedSegments: number;
  storedBytes: number;
  /** The newest segment's stamp: it never steps back, so that news never look old. */
  latestMs?: number;
  /** Readings ever stored, by source. */
  readingsBySource: Record<string, number>;
  /** Epochs before this one of which segments may still be here: a damage may take those, too. */
  earlier?: EarlierEpoch[];
  /** Losses that a repair has found, and that no segment tells the sink yet. */
  untold?: { lane: number; gap: GapRecord }[];
}

export interface EarlierEpoch {
  epoch: string;
  /** One a lane: seqs below were given out. */
  nextSeq: number[];
  /** All its segments have lower numbers. */
  endSegment: number;
}

export interface BufferIdentity {
  gateway: string;
  /** Binds the epoch: a copied card on another machine begins its own. */
  machineId: string;
  /** Used when the buffer is made; later the buffer's own number holds. */
  lanes: number;
}

const FORMAT = 1;
const EPOCH_BYTES = 9;

/** The state of a buffer that is being made. */
export function newState({ gateway, machineId, lanes }: BufferIdentity): BufferState {
  return {
    format: FORMAT,
    gateway,
    epoch: randomBytes(EPOCH_BYTES).toString("base64url"),
    machineId,
    lanes,
    nextSeq: Array.from({ length: lanes }, () => 0),
    nextSegment: 0,
    firstSegment: 0,
    storedSegments: 0,
    storedBytes: 0,
    readingsBySource: {},
  };
}

/**
 * The same buffer, which counts anew: what it has still to send keeps its own epoch. Lanes are fixed
 * for an epoch, so this is when there can be more of them.
 */
export function withNewEpoch(stored: BufferState, identity: BufferIdentity): BufferState {
  const { gateway, machineId } = identity;
  const lanes = Math.max(stored.lanes, identity.lanes);
  const { epoch, nextSeq } = newState({ gateway, machineId, lanes });
  return { ...stored, gateway, machineId, lanes, epoch, nextSeq, earlier: withEpochEnded(stored) };
}

/** Newest epochs of a buffer that wait for the hub; more damages than that between two outages do not happen. */
const EARLIER_MAX = 32;

/** The earlier epochs, once the present one is among them. */
export function withEpochEnded(state: BufferState): EarlierEpoch[] {
  const { epoch, nextSeq, nextSegment: endSegment, earlier = [] } = state;
  // None was given out of an epoch that a repair has already ended.
  if (!nextSeq.some((seq) => seq > 0)) return earlier;
  return [...earlier, { epoch, nextSeq, endSegment }].slice(-EARLIER_MAX);
}

/**
 * What is to be told where the newest state may be lost with the end of a log: chunks may have been
 * given out after those that this state knows of. A record without an end is not a range.
 */
export function openGaps({ epoch, nextSeq }: BufferState): { lane: number; gap: GapRecord }[] {
  const reason = "buffer damaged; whether there was more is not known";
  return nextSeq.map((fromSeq, lane) => ({ lane, gap: { epoch, fromSeq, readings: 0, reason } }));
}

/** Copied to another machine, or given another name. */
export function isOfAnother(stored: BufferState, identity: BufferIdentity): boolean {
  return stored.machineId !== identity.machineId || stored.gateway !== identity.gateway;
}

const NEWLINE = "\n";

/** JSON, and on a second line its CRC-32: LevelDB does not verify what it reads. */
export function encodeState(state: BufferState): Buffer {
  const json = JSON.stringify(state);
  return Buffer.from(`${json}${NEWLINE}${crc32(json).toString(16)}`);
}

/**
 * Undefined where it is damaged.
 * @throws PenstockError BUFFER_FAILED: of another version
 */
export function decodeState(bytes: Buffer): BufferState | undefined {
  const [json = "", crc] = bytes.toString().split(NEWLINE);
  if (crc !== crc32(json).toString(16)) return undefined;
  const state: BufferState = JSON.parse(json);
  if (state.format === FORMAT) return state;
  const message = `the buffer has format ${String(state.format)}: it was made by a newer agent`;
  throw new PenstockError("BUFFER_FAILED", message, { context: { known: FORMAT } });
}
