/** A serial port with Modbus RTU or ASCII devices on it. */
import AsciiPort from "modbus-serial/ports/asciiport.js";
import RTUBufferedPort from "modbus-serial/ports/rtubufferedport.js";
import {
  assertAvailable,
  explainedFailure,
  identityOf,
} from "#agent/sources/serial/port-identity.ts";
import type { ModbusSerialBusSettings } from "#config/gateway/modbus-bus.ts";
import { EchoFilter } from "./echo-filter.ts";
import { tapStream } from "./tap-stream.ts";
import type { Wire } from "./wire.ts";

type Port = RTUBufferedPort | AsciiPort;

/** @throws PenstockError PORT_UNAVAILABLE */
export async function openSerialWire(settings: ModbusSerialBusSettings): Promise<Wire> {
  const { modbus, port: path, baud: baudRate, parity, dataBits, stopBits } = settings;
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
  return new SerialWire(port, path);
}

class SerialWire implements Wire {
  readonly hasTransactions = false;
  readonly port: Port;
  readonly closed: Promise<string>;
  readonly #path: string;
  readonly #identity: string | undefined;
  #why: string | undefined;

  constructor(port: Port, path: string) {
    this.port = port;
    this.#path = path;
    this.#identity = identityOf(path);
    // oxlint-disable-next-line no-underscore-dangle -- the library's name
    const stream = port._client;
    tapStream(stream, new EchoFilter());
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
    return identityOf(this.#path) !== this.#identity;
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
