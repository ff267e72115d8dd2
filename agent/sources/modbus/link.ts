/** What the poller needs of a bus: one request at a time, with an outcome that is never an error. */
import type { Span } from "./point.ts";

export interface ReadRequest extends Span {
  unit: number;
  /** The device's full time-out: how late its answer may come. */
  timeoutMaxMs: number;
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
