/**
 * A Modbus TCP server of raw sockets, for what no honest server does: late answers, foreign ids,
 * lies about lengths, silence. Requests are framed by their announced length.
 */
import { createServer, type Server, type Socket } from "node:net";

export interface Request {
  transaction: number;
  unit: number;
  functionCode: number;
  start: number;
  size: number;
  /** Of a write of several registers. */
  data?: Buffer;
}

/** What a device does with a request; by default it answers. */
export type Behaviour = (request: Request, socket: Socket) => void;

export class FakeDevice {
  readonly requests: Request[] = [];
  readonly sockets = new Set<Socket>();
  connections = 0;
  behave: Behaviour;
  readonly #server: Server;

  constructor(behave: Behaviour) {
    this.behave = behave;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return address.port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.connections += 1;
    this.sockets.add(socket);
    let rest = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("data", (data) => {
      rest = Buffer.concat([rest, data]);
      while (rest.length >= 12) {
        const bytes = rest.readUInt16BE(4) + 6;
        if (rest.length < bytes) return;
        const request: Request = {
          transaction: rest.readUInt16BE(0),
          unit: rest[6]!,
          functionCode: rest[7]!,
          start: rest.readUInt16BE(8),
          size: rest.readUInt16BE(10),
        };
        if (bytes > 13) request.data = rest.subarray(13, bytes);
        rest = rest.subarray(bytes);
        this.requests.push(request);
        this.behave(request, socket);
      }
    });
  }
}

/** A frame with a right header around the given PDU. */
export function frame(transaction: number, unit: number, pdu: readonly number[]): Buffer {
  const header = Buffer.alloc(7);
  header.writeUInt16BE(transaction, 0);
  header.writeUInt16BE(pdu.length + 1, 4);
  header[6] = unit;
  return Buffer.concat([header, Buffer.from(pdu)]);
}

/** The honest answer: register n holds what `word(n)` says. */
export function registersAnswer(request: Request, word: (address: number) => number): Buffer {
  const data = Array.from({ length: request.size }, (_, i) => {
    const value = word(request.start + i);
    return [(value >> 8) & 0xff, value & 0xff];
  }).flat();
  const pdu = [request.functionCode, data.length, ...data];
  return frame(request.transaction, request.unit, pdu);
}

export function exceptionAnswer(request: Request, code: number): Buffer {
  return frame(request.transaction, request.unit, [request.functionCode | 0x80, code]);
}

/** Answers every read with the address of each register as its value. */
export const honest: Behaviour = (request, socket) => {
  socket.write(registersAnswer(request, (address) => address));
};
