/**
 * One open serial port: it is made by `openPort`, ends once, and is never reopened. The path is a
 * file's path, best below /dev/serial/by-id; ports are never listed, because `SerialPort.list()`
 * ends the process where udevadm is missing.
 */
import { SerialPort } from "serialport";
import type { SerialBusSettings } from "#config/gateway/serial-bus.ts";
import {
  assertAvailable,
  currentIdentityOf,
  explainedFailure,
  identityOf,
} from "./port-identity.ts";
import { portPath } from "./usb-ports.ts";

export class PortSession {
  /** Why the port was lost. Resolves once, never rejects. */
  readonly closed: Promise<string>;
  readonly #port: SerialPort;
  readonly #name: string;
  readonly #identity: string | undefined;

  /** @param name of the port in the settings, which may lead to another path later */
  constructor(port: SerialPort, name: string, onData: (bytes: Uint8Array) => void) {
    this.#port = port;
    this.#name = name;
    this.#identity = identityOf(port.path);
    port.on("data", onData);
    this.closed = new Promise((resolve) => {
      let why = "closed";
      port.on("error", (error) => {
        why = error.message;
        void this.close();
      });
      port.once("close", (error: Error | null) => resolve(error?.message ?? why));
    });
  }

  /**
   * True when the path leads to the device that was opened. After an unplugging nothing may be
   * heard of it until a write, so a silent port is asked this.
   */
  get isSameDevice(): boolean {
    return this.#identity !== undefined && currentIdentityOf(this.#name) === this.#identity;
  }

  /** Sends bytes. What cannot be sent is lost: a lost port is noticed elsewhere. */
  send(bytes: Uint8Array): void {
    if (this.#port.isOpen) this.#port.write(bytes);
  }

  /** Resolves when the descriptor is closed. Never rejects. */
  async close(): Promise<void> {
    if (!this.#port.isOpen) return;
    await new Promise<void>((resolve) => this.#port.close(() => resolve()));
  }
}

/**
 * @throws PenstockError PORT_UNAVAILABLE: missing, held by another program, not permitted
 */
export async function openPort(
  settings: SerialBusSettings,
  onData: (bytes: Uint8Array) => void,
): Promise<PortSession> {
  const { serial, baud: baudRate, parity, dataBits, stopBits } = settings;
  const path = portPath(serial);
  assertAvailable(path);
  const port = new SerialPort({ path, baudRate, parity, dataBits, stopBits, autoOpen: false });
  try {
    await new Promise<void>((resolve, reject) => {
      port.open((error) => (error ? reject(error) : resolve()));
    });
  } catch (error) {
    throw explainedFailure(path, error);
  }
  return new PortSession(port, serial, onData);
}
