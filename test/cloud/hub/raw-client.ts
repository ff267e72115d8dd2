/** A socket that speaks whatever bytes a test wants, and notes what comes back. */
import { connect, type Socket } from "node:net";
import {
  describedList,
  encodeValue,
  type Typed,
  typedItems,
  types,
} from "#cloud/hub/amqp/codec.ts";
import { type Frame, FrameReader } from "#cloud/hub/amqp/frame-reader.ts";
import { protocolHeader } from "#cloud/hub/amqp/frames.ts";
import { fieldsOf, PERFORMATIVE } from "#cloud/hub/amqp/performatives.ts";
import { eventually } from "#test/support/hub.ts";

export function frame(
  code: number,
  fields: readonly (Typed | null)[],
  channel = 0,
  type = 0,
): Buffer {
  return rawFrame(encodeValue(describedList(code, fields)), channel, type);
}

export function rawFrame(body: Buffer, channel = 0, type = 0): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length, 0);
  head[4] = 2;
  head[5] = type;
  head.writeUInt16BE(channel, 6);
  return Buffer.concat([head, body]);
}

export const openBytes: Buffer = frame(PERFORMATIVE.open, [types.wrap_string("raw client")]);
export const beginBytes: Buffer = frame(PERFORMATIVE.begin, [
  null,
  types.wrap_uint(0),
  types.wrap_uint(5000),
  types.wrap_uint(5000),
]);

const SOURCE = 0x28;
const TARGET = 0x29;

/** An attach to the address, as receiver or as sender; `more` are the fields after the tenth. */
export function attachBytes(
  handle: number,
  receives: boolean,
  address: string,
  more: readonly (Typed | null)[] = [],
): Buffer {
  const there = [types.wrap_string(address)];
  const here = [types.wrap_string("mine")];
  return frame(PERFORMATIVE.attach, [
    types.wrap_string(`link ${handle}`),
    types.wrap_uint(handle),
    types.wrap_boolean(receives),
    null,
    null,
    describedList(SOURCE, receives ? there : here),
    describedList(TARGET, receives ? here : there),
    null,
    null,
    types.wrap_uint(0),
    ...more,
  ]);
}

export interface RawTransfer {
  handle: number;
  id: number;
  format: number;
  payload: Buffer;
  more?: boolean;
  state?: Typed;
  aborted?: boolean;
}

export function transferBytes(transfer: RawTransfer): Buffer {
  const { handle, id, format, payload, more = false, state = null, aborted = false } = transfer;
  const tag = Buffer.alloc(4);
  tag.writeUInt32BE(id);
  const head = frame(PERFORMATIVE.transfer, [
    types.wrap_uint(handle),
    types.wrap_uint(id),
    types.wrap_binary(tag),
    types.wrap_uint(format),
    types.wrap_boolean(false),
    types.wrap_boolean(more),
    null,
    state,
    types.wrap_boolean(false),
    types.wrap_boolean(aborted),
    types.wrap_boolean(false),
  ]);
  head.writeUInt32BE(head.length + payload.length, 0);
  return Buffer.concat([head, payload]);
}

export class RawClient {
  readonly frames: Frame[] = [];
  readonly socket: Socket;
  isClosed = false;
  /** Takes the frames instead of `frames`. */
  onFrame: ((frame: Frame) => void) | undefined;
  #reader = new FrameReader(1024 * 1024, (item) => {
    if (item.kind !== "frame") return true;
    if (this.onFrame) this.onFrame(item);
    else this.frames.push({ ...item, bytes: Buffer.from(item.bytes) });
    return true;
  });

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("data", (bytes: Buffer) => this.#reader.push(bytes));
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.isClosed = true;
    });
  }

  send(...parts: Buffer[]): void {
    for (const part of parts) this.socket.write(part);
  }

  /** SASL ANONYMOUS, or PLAIN with a key, then the AMQP header; the caller goes on with `open`. */
  async login(key?: { name: string; key: string }): Promise<void> {
    const fields = key
      ? [types.wrap_symbol("PLAIN"), types.wrap_binary(Buffer.from(`\0${key.name}\0${key.key}`))]
      : [types.wrap_symbol("ANONYMOUS")];
    this.send(protocolHeader(3), frame(PERFORMATIVE.saslInit, fields, 0, 1));
    await this.received(PERFORMATIVE.saslOutcome);
    this.send(protocolHeader(0));
  }

  /** The fields of the first frame with this code. */
  async received(code: number): Promise<readonly Typed[]> {
    const find = (): Frame | undefined => this.frames.find((item) => item.code === code);
    await eventually(`a frame 0x${code.toString(16)}`, () => find() !== undefined);
    return fieldsOf(find()!);
  }

  /** Condition and text of the close that the hub sent. */
  async closeError(): Promise<{ condition: unknown; description: unknown }> {
    const [error] = await this.received(PERFORMATIVE.close);
    const [condition, description] = typedItems(error);
    return { condition: condition?.value, description: description?.value };
  }

  async closed(): Promise<void> {
    await eventually("the end of the connection", () => this.isClosed);
  }

  end(): void {
    this.socket.destroy();
  }
}
