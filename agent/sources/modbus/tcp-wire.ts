/** A TCP connection to a Modbus server: with Modbus TCP's own header, or with bare RTU frames. */
import { connect, type Socket } from "node:net";
import TcpPort from "modbus-serial/ports/tcpport.js";
import TelnetPort from "modbus-serial/ports/telnetport.js";
import type { Clock } from "#core/clock.ts";
import { systemCodeOf } from "#core/errors.ts";
import { EchoFilter } from "./echo-filter.ts";
import { tapStream } from "./tap-stream.ts";
import type { Wire } from "./wire.ts";

const KEEP_ALIVE_AFTER_MS = 10_000;

export interface TcpWireOptions {
  host: string;
  port: number;
  framing: "tcp" | "rtu-over-tcp";
  connectTimeoutMs: number;
  clock: Clock;
}

/** @throws Error with the system's code, when there is nobody or no answer in time */
export async function openTcpWire(options: TcpWireOptions, signal: AbortSignal): Promise<Wire> {
  const { host, port, framing } = options;
  const socket = connect({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_AFTER_MS,
    signal,
  });
  await connected(socket, options);
  return framing === "tcp" ? new ModbusTcpWire(socket) : new RtuOverTcpWire(socket);
}

abstract class SocketWire {
  readonly closed: Promise<string>;
  readonly isRenewable = true;
  readonly #socket: Socket;
  #why: string | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.on("error", (error) => {
        this.#why ??= systemCodeOf(error) ?? error.message;
      });
      socket.once("close", () => resolve(this.#why ?? "closed by the peer"));
    });
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  close(why: string): void {
    this.#why ??= why;
    this.#socket.destroy();
  }
}

class ModbusTcpWire extends SocketWire implements Wire {
  readonly hasTransactions = true;
  readonly port: TcpPort;

  constructor(socket: Socket) {
    super(socket);
    this.port = new TcpPort({ socket });
  }

  /** A transaction id tells what is old. */
  flush(): void {}
}

class RtuOverTcpWire extends SocketWire implements Wire {
  readonly hasTransactions = false;
  readonly port: TelnetPort;
  readonly heard: () => Uint8Array;

  constructor(socket: Socket) {
    super(socket);
    this.port = new TelnetPort({ socket });
    this.heard = tapStream(socket, new EchoFilter()).heard;
  }

  flush(): void {
    // oxlint-disable-next-line no-underscore-dangle -- the library's name
    this.port._buffer = Buffer.alloc(0);
  }
}

function connected(socket: Socket, options: TcpWireOptions): Promise<void> {
  const { clock, connectTimeoutMs } = options;
  return new Promise((resolve, reject) => {
    const timer = clock.after("modbus connect", connectTimeoutMs, () => {
      socket.destroy(Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" }));
    });
    const fail = (error: Error): void => {
      timer.cancel();
      reject(error);
    };
    socket.once("error", fail);
    socket.once("connect", () => {
      timer.cancel();
      socket.off("error", fail);
      resolve();
    });
  });
}
