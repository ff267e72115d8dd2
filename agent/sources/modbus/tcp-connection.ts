/**
 * One open TCP connection to a Modbus server, with the client of modbus-serial on it. One request
 * at a time. It is made by `openConnection`, ends once, and is never reopened.
 */
import { connect, type Socket } from "node:net";
import modbusSerial from "modbus-serial";
import TcpPort from "modbus-serial/ports/tcpport.js";
import type { Clock } from "#core/clock.ts";
import { systemCodeOf } from "#core/errors.ts";
import type { Table } from "./address.ts";
import { GuardedPort, type PortListener } from "./guarded-port.ts";
import type { ReadOutcome, ReadRequest } from "./link.ts";

// The package is CommonJS that names its class `default`.
const ModbusRTU = modbusSerial.default;

const KEEP_ALIVE_AFTER_MS = 10_000;

export interface ConnectionOptions {
  host: string;
  port: number;
  connectTimeoutMs: number;
  clock: Clock;
  /** A frame came that answers nothing that waits. */
  onStray: (unit: number | undefined) => void;
  /** Ends the attempt, or the connection. */
  signal: AbortSignal;
}

type Client = InstanceType<typeof ModbusRTU>;
type Finish = (outcome: ReadOutcome) => void;
type Answered = (error: Error | null, result?: { buffer: Buffer }) => void;

export class TcpConnection {
  /** Why the connection ended. Resolves once, never rejects. */
  readonly closed: Promise<string>;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #port: GuardedPort;
  readonly #client: Client;
  #waiting: Finish | undefined;
  #wasGivenUp = false;
  #why: string | undefined;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#clock = options.clock;
    const listener: PortListener = {
      stray: options.onStray,
      malformed: () => this.#waiting?.({ kind: "malformed" }),
    };
    this.#port = new GuardedPort(new TcpPort({ socket }), listener);
    this.#client = new ModbusRTU(this.#port);
    this.closed = this.#watch(socket);
    this.#client.open();
  }

  get isOpen(): boolean {
    return this.#port.isOpen && !this.#socket.destroyed;
  }

  /** Requests were given up, and every transaction id has been used since. */
  get isUsedUp(): boolean {
    return this.#wasGivenUp && this.#port.isUsedUp;
  }

  read(request: ReadRequest, timeoutMs: number): Promise<ReadOutcome> {
    if (!this.isOpen) return Promise.resolve({ kind: "disconnected" });
    return new Promise((resolve) => {
      const finish: Finish = (outcome) => {
        timer.cancel();
        this.#waiting = undefined;
        this.#port.giveUp();
        if (outcome.kind === "timeout") this.#wasGivenUp = true;
        resolve(outcome);
      };
      const timer = this.#clock.after("modbus answer", timeoutMs, () =>
        finish({ kind: "timeout" }),
      );
      this.#waiting = finish;
      send(this.#client, request, (error, result) => finish(outcomeOf(error, result)));
    });
  }

  close(why: string): void {
    this.#why ??= why;
    this.#socket.destroy();
  }

  #watch(socket: Socket): Promise<string> {
    return new Promise((resolve) => {
      socket.on("error", (error) => {
        this.#why ??= systemCodeOf(error) ?? error.message;
      });
      socket.once("close", () => {
        this.#waiting?.({ kind: "disconnected" });
        resolve(this.#why ?? "closed by the peer");
      });
    });
  }
}

function send(client: Client, request: ReadRequest, answered: Answered): void {
  const { table, unit, start, size } = request;
  const senders: Readonly<Record<Table, () => void>> = {
    coil: () => client.writeFC1(unit, start, size, answered),
    discrete: () => client.writeFC2(unit, start, size, answered),
    holding: () => client.writeFC3(unit, start, size, answered),
    input: () => client.writeFC4(unit, start, size, answered),
  };
  senders[table]();
}

function outcomeOf(error: Error | null, result: { buffer: Buffer } | undefined): ReadOutcome {
  if (!error) return result ? { kind: "answer", data: result.buffer } : { kind: "malformed" };
  if ("modbusCode" in error) return { kind: "exception", code: Number(error.modbusCode) };
  // The library names a port that is closed with this code; the rest are frames it cannot parse.
  const closed = "errno" in error && error.errno === "ECONNREFUSED";
  return { kind: closed ? "disconnected" : "malformed" };
}

/** @throws Error with the system's code, when there is nobody or no answer in time */
export async function openConnection(options: ConnectionOptions): Promise<TcpConnection> {
  const { host, port, signal } = options;
  const socket = connect({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_AFTER_MS,
    signal,
  });
  await connected(socket, options);
  return new TcpConnection(socket, options);
}

function connected(socket: Socket, options: ConnectionOptions): Promise<void> {
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
