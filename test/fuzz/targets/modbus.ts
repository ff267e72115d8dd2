/** Replies of Modbus devices, as they come over each kind of wire, in any pieces. */
import { Socket } from "node:net";
import { setImmediate as macrotask } from "node:timers/promises";
import AsciiPort from "modbus-serial/ports/asciiport.js";
import RTUBufferedPort from "modbus-serial/ports/rtubufferedport.js";
import TcpPort from "modbus-serial/ports/tcpport.js";
import crc16 from "modbus-serial/utils/crc16.js";
import { Connection } from "#agent/sources/modbus/connection.ts";
import { EchoFilter } from "#agent/sources/modbus/echo-filter.ts";
import { onlyAsciiLines } from "#agent/sources/modbus/serial-wire.ts";
import { tapStream } from "#agent/sources/modbus/tap-stream.ts";
import type { Wire } from "#agent/sources/modbus/wire.ts";
import type { Table } from "#config/gateway/modbus-address.ts";
import { createRandom } from "#core/random.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { pieces } from "../mutation.ts";
import { type FuzzTarget, holds } from "../target.ts";

const UNIT = 7;
const TIMEOUT_MS = 100;

/** What is asked: the table's function code, and how much of it. */
const REQUESTS: readonly { table: Table; functionCode: number; size: number }[] = [
  { table: "coil", functionCode: 1, size: 19 },
  { table: "holding", functionCode: 3, size: 3 },
  { table: "input", functionCode: 4, size: 125 },
];

/** Unit, function and data of the right answer to each request, and some exceptions. */
const PDUS: readonly Buffer[] = [
  ...REQUESTS.map(({ table, functionCode, size }) => {
    const dataBytes = table === "coil" ? Math.ceil(size / 8) : 2 * size;
    return Buffer.from([
      functionCode,
      dataBytes,
      ...Array.from({ length: dataBytes }, (_, i) => i),
    ]);
  }),
  Buffer.from([0x83, 2]),
  Buffer.from([0x84, 6]),
];

interface OpenedWire {
  wire: Wire;
  receive: (bytes: Uint8Array) => void;
}

/** Reads once with each request while the input comes in pieces; every read has one good outcome. */
async function readWhile(input: Uint8Array, open: () => OpenedWire): Promise<void> {
  const random = createRandom(input.length);
  for (const { table, size } of REQUESTS) {
    const clock = new ManualClock();
    const { wire, receive } = open();
    const connection = new Connection({ wire, clock, onStray: () => {} });
    const request = { unit: UNIT, table, start: 0, size, timeoutMaxMs: TIMEOUT_MS };
    const reading = connection.read(request, TIMEOUT_MS);
    for (const piece of pieces(input, random)) receive(piece);
    await clock.advance(TIMEOUT_MS);
    const outcome = await Promise.race([reading, macrotask(undefined)]);
    wire.close("done");
    holds(outcome !== undefined, "a read ends");
    if (outcome.kind === "answer") {
      const least = table === "coil" ? Math.ceil(size / 8) : 2 * size;
      holds(outcome.data.length >= least, "an answer holds what was asked for");
    }
  }
}

function tcpWire(): OpenedWire {
  const closed = Promise.withResolvers<string>();
  const socket = new Socket();
  Object.defineProperty(socket, "readyState", { value: "open" });
  socket.write = () => true;
  const port = new TcpPort({ socket });
  const wire: Wire = {
    port,
    closed: closed.promise,
    isOpen: true,
    isRenewable: true,
    hasTransactions: true,
    flush() {},
    close: (why) => closed.resolve(why),
  };
  return { wire, receive: (bytes) => void socket.emit("data", Buffer.from(bytes)) };
}

function serialWire(Port: typeof RTUBufferedPort | typeof AsciiPort): OpenedWire {
  const closed = Promise.withResolvers<string>();
  const port = new Port("/dev/null", { baudRate: 9600 });
  // oxlint-disable-next-line no-underscore-dangle -- the library's name
  const stream = port._client;
  stream.write = () => true;
  tapStream(stream, new EchoFilter(), port instanceof AsciiPort ? onlyAsciiLines() : undefined);
  const wire: Wire = {
    port,
    closed: closed.promise,
    isOpen: true,
    isRenewable: false,
    hasTransactions: false,
    flush() {
      // oxlint-disable-next-line no-underscore-dangle -- the library's name
      port._buffer = Buffer.alloc(0);
    },
    close: (why) => closed.resolve(why),
  };
  return { wire, receive: (bytes) => void stream.emit("data", Buffer.from(bytes)) };
}

function mbap(pdu: Buffer): Buffer {
  const header = Buffer.from([0, 1, 0, 0, 0, pdu.length + 1, UNIT]);
  return Buffer.concat([header, pdu]);
}

function rtu(pdu: Buffer): Buffer {
  const frame = Buffer.from([UNIT, ...pdu, 0, 0]);
  frame.writeUInt16LE(crc16(frame.subarray(0, -2)), frame.length - 2);
  return frame;
}

function ascii(pdu: Buffer): Buffer {
  const body = Buffer.from([UNIT, ...pdu]);
  const lrc = -body.reduce((sum, byte) => sum + byte, 0) & 0xff;
  return Buffer.from(
    `:${Buffer.from([...body, lrc])
      .toString("hex")
      .toUpperCase()}\r\n`,
  );
}

export const tcpReplies: FuzzTarget = {
  name: "modbus-tcp",
  describe: "replies of Modbus TCP",
  seeds: PDUS.map(mbap),
  dictionary: [Buffer.from([0, 1, 0, 0, 0, 0]), Buffer.from([0, 1, 0, 0, 0xff, 0xff, UNIT])],
  feed: (input) => readWhile(input, tcpWire),
};

export const rtuReplies: FuzzTarget = {
  name: "modbus-rtu",
  describe: "replies of Modbus RTU, with echoes",
  seeds: [...PDUS.map(rtu), rtu(Buffer.from([3, 0, 0, 0, 3]))],
  dictionary: [Buffer.from([UNIT, 3]), Buffer.from([UNIT, 0x83])],
  feed: (input) => readWhile(input, () => serialWire(RTUBufferedPort)),
};

export const asciiReplies: FuzzTarget = {
  name: "modbus-ascii",
  describe: "replies of Modbus ASCII",
  seeds: PDUS.map(ascii),
  dictionary: [Buffer.from(":"), Buffer.from("\r\n"), Buffer.from(":07")],
  feed: (input) => readWhile(input, () => serialWire(AsciiPort)),
};
