/** An open way to devices: a port of modbus-serial, and what lies below it. */
import type { GuardedPortOptions, LibraryPort } from "./guarded-port.ts";

export interface Wire extends GuardedPortOptions {
  readonly port: LibraryPort;
  /** Why the wire ended. Resolves once, never rejects. */
  readonly closed: Promise<string>;
  readonly isOpen: boolean;
  /**
   * True when opening it anew may cure silence: always for a connection, which may be half open;
   * for a serial port only when it is not the one that was opened, since opening resets some devices.
   */
  readonly isRenewable: boolean;
  /** What came since the last request, where that may be noise: on lines without a header. */
  readonly heard?: (() => Uint8Array) | undefined;
  close(why: string): void;
}

/** @throws Error, or PenstockError PORT_UNAVAILABLE, when there is nothing to open */
export type OpenWire = (signal: AbortSignal) => Promise<Wire>;
