/**
 * The last step of a repair: the state that fits to the segments that were saved, with an account of
 * what is missing. It counts as of nobody's machine, so that whoever opens it begins a new epoch.
 */
import type { ClassicLevel } from "classic-level";
import type { GapRecord } from "#core/chunk.ts";
import {
  type BufferState,
  decodeState,
  encodeState,
  newState,
  openGaps,
  withEpochEnded,
} from "./buffer-state.ts";
import { numberIn, SEGMENTS_END, STATE_KEY, segmentKey } from "./keys.ts";
import { decodeSegment } from "./segment-codec.ts";

const REASON = "buffer damaged; how many readings is not known";

export async function settleSalvage(
  database: ClassicLevel<string, Buffer>,
): Promise<{ segments: number; lostSegments: number | undefined }> {
  const stored = await database.get(STATE_KEY);
  const known = stored && decodeState(stored);
  const state = known ?? newState({ gateway: "", machineId: "", lanes: 1 });
  const expected = known?.storedSegments;
  // Below it everything was forgotten in order, and may have come back to life.
  await database.clear({ gte: segmentKey(0), lt: segmentKey(state.firstSegment) });
  const found = await survey(database);
  const nextSegment = Math.max(state.nextSegment, found.nextSegment);
  const lanes = known ? state.lanes : Math.max(found.lanes, state.lanes);
  await database.batch(
    [
      {
        type: "put",
        key: STATE_KEY,
        value: encodeState({
          ...state,
          lanes,
          earlier: withEpochEnded({ ...state, nextSegment }),
          nextSeq: Array.from({ length: lanes }, () => 0),
          nextSegment,
          storedSegments: found.segments,
          storedBytes: found.bytes,
          untold: [
            ...(state.untold ?? []),
            ...[...(state.earlier ?? []), state].flatMap((of) => missing(of, found.seqs)),
            ...(known ? openGaps(known) : []),
          ],
        }),
      },
    ],
    { sync: true },
  );
  const lostSegments = expected === undefined ? undefined : Math.max(0, expected - found.segments);
  return { segments: found.segments, lostSegments };
}

interface Survey {
  segments: number;
  bytes: number;
  nextSegment: number;
  lanes: number;
  /** By epoch and lane, in order. */
  seqs: Map<string, number[]>;
}

async function survey(database: ClassicLevel<string, Buffer>): Promise<Survey> {
  const found: Survey = { segments: 0, bytes: 0, nextSegment: 0, lanes: 0, seqs: new Map() };
  const range = { gte: segmentKey(0), lt: SEGMENTS_END, fillCache: false };
  for await (const [key, bytes] of database.iterator(range)) {
    const segment = decodeSegment(0, bytes);
    found.segments += 1;
    found.bytes += bytes.length;
    found.nextSegment = numberIn(key) + 1;
    for (const { lane, seq, epoch } of segment?.chunks ?? []) {
      found.lanes = Math.max(found.lanes, lane + 1);
      const seqs = found.seqs.get(`${epoch} ${lane}`) ?? [];
      seqs.push(seq);
      found.seqs.set(`${epoch} ${lane}`, seqs);
    }
  }
  return found;
}

/**
 * All seqs that were given out and are not here. Most of them have long arrived: a chunk that did
 * beats its gap, and nobody knows here which did.
 */
function missing(
  { epoch, nextSeq }: Pick<BufferState, "epoch" | "nextSeq">,
  found: ReadonlyMap<string, number[]>,
): { lane: number; gap: GapRecord }[] {
  return nextSeq.flatMap((end, lane) => {
    const gaps: { lane: number; gap: GapRecord }[] = [];
    let next = 0;
    for (const seq of [...(found.get(`${epoch} ${lane}`) ?? []), end]) {
      if (seq > next) {
        const gap = { epoch, fromSeq: next, toSeq: seq - 1, readings: 0, reason: REASON };
        gaps.push({ lane, gap });
      }
      next = seq + 1;
    }
    return gaps;
  });
}
