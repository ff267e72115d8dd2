/** What the poller needs of a bus: one request at a time, with an outcome that is never an error. */
import type { Span } from "./point.ts";

/** Called with each frame on the wire, without the header of Modbus TCP. */
export type FrameListener = (direction: "sent" | "received", frame: Uint8Array) => void;

export interface ReadRequest extends Span {
  unit: number;
  /** The device's full time-out: how late its answer may come. */
  timeoutMaxMs: number;
  /** Rest behind its answer, where the device needs more than others on its bus. */
  pauseMs?: number | undefined;
  onFrame?: FrameListener | undefined;
}

export interface WriteRequest {
  unit: number;
  table: "coil" | "holding";
  /** From 0, as in the request. */
  start: number;
  /** 16 bits each, in the order of the registers; for a coil one, 0 or 1. */
  words: readonly number[];
  timeoutMaxMs: number;
  onFrame?: FrameListener | undefined;
}

/**
 * `timeout`: nothing came that answers this request; what comes later is discarded.
 * `malformed`: the unit answered, with lengths that lie; the connection is opened anew.
 * `owed`: the unit was not asked, because an answer that was given up may still come.
 * `disconnected`: the connection was lost, or is not there.
 */
export type ReadOutcome =
  | { kind: "answer"; data: Uint8Array }
  | { kind: "exception"; code: number }
  | { kind: "timeout" }
  | { kind: "malformed" }
  | { kind: "owed" }
  | { kind: "disconnected" };

export interface ModbusLink {
  readonly isOpen: boolean;
  /** @param timeoutMs for this request alone */
  read(request: ReadRequest, timeoutMs: number): Promise<ReadOutcome>;
}

/** A link that a technician's command uses: it also writes. */
export interface GuestLink extends ModbusLink {
  /** The data of an answer is empty: a device only confirms. */
  write(request: WriteRequest, timeoutMs: number): Promise<ReadOutcome>;
}
