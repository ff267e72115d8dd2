/** A serial port with Modbus RTU or ASCII devices on it. */
import AsciiPort from "modbus-serial/ports/asciiport.js";
import RTUBufferedPort from "modbus-serial/ports/rtubufferedport.js";
import {
  assertAvailable,
  currentIdentityOf,
  explainedFailure,
  identityOf,
} from "#agent/sources/serial/port-identity.ts";
import { portPath } from "#agent/sources/serial/usb-ports.ts";
import type { ModbusSerialBusSettings } from "#config/gateway/modbus-bus.ts";
import { AsciiLines } from "./ascii-lines.ts";
import { EchoFilter } from "./echo-filter.ts";
import { tapStream } from "./tap-stream.ts";
import type { Wire } from "./wire.ts";

type Port = RTUBufferedPort | AsciiPort;

/** @throws PenstockError PORT_UNAVAILABLE */
export async function openSerialWire(settings: ModbusSerialBusSettings): Promise<Wire> {
  const { modbus, baud: baudRate, parity, dataBits, stopBits } = settings;
  const path = portPath(settings.port);
  assertAvailable(path);
  const options = { baudRate, parity, dataBits, stopBits };
  const port = modbus === "rtu" ? new RTUBufferedPort(path, options) : new AsciiPort(path, options);
  try {
    await new Promise<void>((resolve, reject) => {
      port.open((error) => (error ? reject(error) : resolve()));
    });
  } catch (error) {
    throw explainedFailure(path, error);
  }
  return new SerialWire(port, settings.port, path);
}

class SerialWire implements Wire {
  readonly hasTransactions = false;
  readonly port: Port;
  readonly closed: Promise<string>;
  readonly heard: () => Uint8Array;
  readonly #name: string;
  readonly #identity: string | undefined;
  #why: string | undefined;

  /** @param name of the port in the settings, which may lead to another path later */
  constructor(port: Port, name: string, path: string) {
    this.port = port;
    this.#name = name;
    this.#identity = identityOf(path);
    // oxlint-disable-next-line no-underscore-dangle -- the library's name
    const stream = port._client;
    this.heard = tapStream(
      stream,
      new EchoFilter(),
      port instanceof AsciiPort ? onlyAsciiLines() : undefined,
    ).heard;
    port.on("error", (error: Error) => this.close(error.message));
    this.closed = new Promise((resolve) => {
      stream.once("close", (error: Error | null) => {
        resolve(this.#why ?? error?.message ?? "closed");
      });
    });
  }

  get isOpen(): boolean {
    return this.port.isOpen;
  }

  get isRenewable(): boolean {
    return currentIdentityOf(this.#name) !== this.#identity;
  }

  flush(): void {
    // oxlint-disable-next-line no-underscore-dangle -- the library's name
    this.port._buffer = Buffer.alloc(0);
  }

  close(why: string): void {
    this.#why ??= why;
    // oxlint-disable-next-line no-underscore-dangle -- the library's name
    if (this.port.isOpen) this.port._client.close(() => {});
  }
}

/** Noise on an ASCII line would end the program: the library's parser does not check lengths. */
export function onlyAsciiLines(): (bytes: Buffer) => Buffer {
  const lines = new AsciiLines();
  return (bytes) => lines.pass(bytes);
}
