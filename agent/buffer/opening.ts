/**
 * Whose the opened buffer is, and whether it counts on: on another machine, under another name, or
 * where the newest sequence numbers may be lost, it begins a new epoch.
 */
import type { Logger } from "#core/log.ts";
import {
  type BufferIdentity,
  type BufferState,
  isOfAnother,
  newState,
  openGaps,
  withNewEpoch,
} from "./buffer-state.ts";
import type { BufferDatabase } from "./database.ts";

export interface OpenedBuffer {
  state: BufferState;
  /** Segments below it are of another machine, or of another name. */
  copiedTo: number;
}

/**
 * Opens the database; when it resolves, the epoch that the state names is on disk.
 * @throws PenstockError BUFFER_LOCKED, BUFFER_FAILED
 */
export async function openWithIdentity(
  database: BufferDatabase,
  identity: BufferIdentity,
  log: Logger,
): Promise<OpenedBuffer> {
  const { state: stored = newState(identity), epochInDoubt } = await database.open();
  const isCopied = isOfAnother(stored, identity);
  if (!epochInDoubt && !isCopied) return { state: stored, copiedTo: 0 };
  const from = { gateway: stored.gateway, epoch: stored.epoch };
  const state = withNewEpoch(stored, identity);
  // A repair has told already, and let the seqs begin anew.
  if (!isCopied && stored.nextSeq.some((seq) => seq > 0)) {
    state.untold = [...(stored.untold ?? []), ...openGaps(stored)];
  }
  const { gateway, epoch } = state;
  log.warn({ from, gateway, epoch, isCopied }, "the buffer begins a new epoch");
  await database.write({ state, forget: [], sync: true });
  await database.epochIsSettled();
  return { state, copiedTo: isCopied ? stored.nextSegment : 0 };
}
