/** What a buffer is, over restarts: whose it is, and how far it has counted. */
import { randomBytes } from "node:crypto";
import type { Logger } from "#core/log.ts";
import type { BufferState } from "./database.ts";

export interface BufferIdentity {
  gateway: string;
  /** Binds the epoch: a copied card on another machine begins its own. */
  machineId: string;
  /** Used when the buffer is made; later the buffer's own number holds. */
  lanes: number;
}

const EPOCH_BYTES = 9;

/** The state of a buffer that is being made. */
export function newState({ gateway, machineId, lanes }: BufferIdentity): BufferState {
  return {
    format: 1,
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

/** A buffer that was copied to another machine, or given another name, counts anew. */
export function resumedState(
  stored: BufferState,
  identity: BufferIdentity,
  log: Logger,
): BufferState {
  const { gateway, machineId } = identity;
  if (stored.machineId === machineId && stored.gateway === gateway) return stored;
  log.warn({ from: stored.gateway, to: gateway }, "the buffer is of another machine: new epoch");
  const { epoch } = newState(identity);
  const nextSeq = stored.nextSeq.map(() => 0);
  return { ...stored, gateway, machineId, epoch, nextSeq };
}
