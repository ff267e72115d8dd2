// The names of the port's contract are the library's:
// oxlint-disable no-underscore-dangle
import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { GuardedPort } from "#agent/sources/modbus/guarded-port.ts";

/** A port as modbus-serial has them, in which the test plays the wire. */
class WirePort extends EventEmitter {
  readonly isOpen = true;
  _transactionIdRead = 0;
  _transactionIdWrite = 0;
  /** Transaction ids of the requests, as they went out. */
  readonly sent: number[] = [];

  open(callback: () => void): void {
    callback();
  }

  write(): void {
    this.sent.push(this._transactionIdWrite);
  }

  answer(transaction: number, value: number): void {
    this._transactionIdRead = transaction;
    this.emit("data", Buffer.from([1, 3, 2, 0, value, 0, 0]));
  }
}

const REQUEST = Buffer.from([1, 3, 0, 0, 0, 1, 0, 0]);

function rig(): { wire: WirePort; port: GuardedPort; seen: number[]; strays: () => number } {
  const wire = new WirePort();
  let strays = 0;
  const port = new GuardedPort(
    wire,
    { hasTransactions: true, flush: () => {} },
    { stray: () => (strays += 1), malformed: () => {} },
  );
  const seen: number[] = [];
  port.on("data", (frame: Buffer) => seen.push(frame[4]!));
  return { wire, port, seen, strays: () => strays };
}

test("an answer that comes 256 requests late does not fit any more", () => {
  const { wire, port, seen, strays } = rig();
  for (let i = 0; i <= 256; i++) port.write(REQUEST);
  expect(wire.sent[256]! % 256).toBe(wire.sent[0]! % 256);
  wire.answer(wire.sent[0]!, 13);
  expect(seen).toEqual([]);
  wire.answer(wire.sent[256]!, 7);
  expect(seen).toEqual([7]);
  expect(strays()).toBe(1);
});

test("a second answer to the same request is stray", () => {
  const { wire, port, seen, strays } = rig();
  port.write(REQUEST);
  wire.answer(wire.sent[0]!, 1);
  wire.answer(wire.sent[0]!, 2);
  expect(seen).toEqual([1]);
  expect(strays()).toBe(1);
});

test("an answer to a request that was given up is stray", () => {
  const { wire, port, seen, strays } = rig();
  port.write(REQUEST);
  port.giveUp();
  wire.answer(wire.sent[0]!, 1);
  expect(seen).toEqual([]);
  expect(strays()).toBe(1);
});

test("says when all ids were used", () => {
  const { port } = rig();
  for (let i = 0; i < 65_534; i++) port.write(REQUEST);
  expect(port.isUsedUp).toBe(false);
  port.write(REQUEST);
  expect(port.isUsedUp).toBe(true);
});

test("shows the client one transaction only", () => {
  const { wire, port } = rig();
  for (let i = 0; i < 5; i++) {
    expect(port._transactionIdWrite).toBe(1);
    port.write(REQUEST);
    wire.answer(wire.sent.at(-1)!, 0);
    expect(port._transactionIdRead).toBe(1);
  }
});
