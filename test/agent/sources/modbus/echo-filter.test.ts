import { expect, test } from "vitest";
import { EchoFilter } from "#agent/sources/modbus/echo-filter.ts";
import { fc } from "#test/support/properties.ts";

const bytes = fc.uint8Array({ minLength: 1, maxLength: 8 });

/** What comes out of a filter when these bytes come in, in pieces. */
function passed(filter: EchoFilter, input: Uint8Array, cuts: readonly number[]): number[] {
  const edges = [0, ...cuts.map((cut) => cut % (input.length + 1)), input.length];
  const sorted = edges.toSorted((a, b) => a - b);
  return sorted.flatMap((from, i) =>
    Array.from(filter.pass(input.subarray(from, sorted[i + 1] ?? from))),
  );
}

test("takes the echo out, however the bytes come, and leaves what is behind it", () => {
  fc.assert(
    fc.property(bytes, fc.uint8Array(), fc.array(fc.nat(40)), (request, answer, cuts) => {
      const isSingleWrite = request.length === 8 && [5, 6].includes(request[1]!);
      fc.pre(!isSingleWrite);
      const filter = new EchoFilter();
      filter.sent(request);
      expect(passed(filter, Buffer.concat([request, answer]), cuts)).toEqual([...answer]);
      expect(filter.echoes).toBe(1);
    }),
  );
});

test("lets everything through that is no echo, in order, and keeps back less than a request", () => {
  fc.assert(
    fc.property(bytes, fc.uint8Array(), fc.array(fc.nat(40)), (request, answer, cuts) => {
      const behindNoise = Buffer.from(answer).subarray(Math.max(0, answer.indexOf(request[0]!)));
      const isEcho = behindNoise.subarray(0, request.length).equals(request);
      fc.pre(!isEcho);
      const filter = new EchoFilter();
      filter.sent(request);
      const out = passed(filter, answer, cuts);
      expect([...answer].slice(0, out.length)).toEqual(out);
      expect(answer.length - out.length).toBeLessThan(request.length);
    }),
  );
});

test("takes the echo out behind noise, which it lets through", () => {
  fc.assert(
    fc.property(
      bytes,
      fc.uint8Array({ maxLength: 5 }),
      fc.uint8Array(),
      fc.array(fc.nat(40)),
      (request, around, answer, cuts) => {
        const isSingleWrite = request.length === 8 && [5, 6].includes(request[1]!);
        fc.pre(!isSingleWrite);
        const noise = around.filter((byte) => byte !== request[0]);
        const filter = new EchoFilter();
        filter.sent(request);
        const out = passed(filter, Buffer.concat([noise, request, answer]), cuts);
        expect(out).toEqual([...noise, ...answer]);
        expect(filter.echoes).toBe(1);
      },
    ),
  );
});

const WRITE = Uint8Array.of(7, 6, 0, 1, 0, 3, 0x9a, 0x9b);
const WRITE_ASCII = Buffer.from(":070600010003EF\r\n", "latin1");

test.each([[WRITE], [WRITE_ASCII]])(
  "lets the confirmation of a single write through, which is the same as the request",
  (write) => {
    const filter = new EchoFilter();
    filter.sent(write);
    expect(passed(filter, write, [])).toEqual([...write]);
  },
);

test("takes the echo of a single write out where the line echoes", () => {
  const filter = new EchoFilter();
  const read = Uint8Array.of(7, 3, 0, 1, 0, 1, 0xd4, 0x6c);
  filter.sent(read);
  expect(passed(filter, read, [])).toEqual([]);
  filter.sent(WRITE);
  expect(passed(filter, Buffer.concat([WRITE, WRITE]), [])).toEqual([...WRITE]);
});
