// peerTest is a test block, which the linter cannot know:
// oxlint-disable vitest/no-standalone-expect
import { rm, symlink } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import crc16 from "modbus-serial/utils/crc16.js";
import { describe, expect, test } from "vitest";
import { systemClock } from "#core/clock.ts";
import { peerTest, pymodbus } from "#test/support/peer.ts";
import { Pty } from "#test/support/pty.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";
import { PymodbusServer } from "./pymodbus-server.ts";
import { startBusOn } from "./start-bus.ts";

const TAGS = {
  power: { register: 40_001, type: "float32", order: "CDAB" },
  level: { register: 30_011 },
  valve: { coil: 3 },
};

const UNITS = {
  9: {
    registers: [[0, "float32", "CDAB", 71.2] as [number, string, string, number]],
    words: [[10, [4711]] as [number, number[]]],
    coils: [false, false, true],
  },
};

const DEVICES = { meter: { unit: 9, every: "100ms", tags: TAGS } };
const EXPECTED = { power: 71.2, level: 4711, valve: true };

/** A cable between the pty, where the bus listens, and a server of pymodbus. */
function cable(pty: Pty, port: number): () => void {
  const socket = connect(port, "127.0.0.1");
  socket.on("data", (bytes) => pty.send(bytes));
  pty.onData((bytes) => socket.write(bytes));
  return () => socket.destroy();
}

peerTest("reads RTU frames of pymodbus over TCP", [pymodbus], async () => {
  const server = await PymodbusServer.start(UNITS, "rtu");
  const wire = { modbus: "rtu-over-tcp", host: "127.0.0.1", port: server.port };
  const { bus, intake } = await startBusOn(wire, DEVICES);
  try {
    await until(() => intake.batches.length > 2);
    expect(intake.latest("meter")).toEqual(EXPECTED);
    expect(intake.readings().every((reading) => reading.quality === "good")).toBe(true);
  } finally {
    await bus.stop();
    await server.stop();
  }
});

for (const modbus of ["rtu", "ascii"] as const) {
  peerTest(`reads ${modbus} frames of pymodbus from a serial port`, [pymodbus], async () => {
    const server = await PymodbusServer.start(UNITS, modbus);
    const pty = new Pty();
    const unplug = cable(pty, server.port);
    const { bus, intake } = await startBusOn({ modbus, port: pty.path }, DEVICES);
    try {
      await until(() => intake.batches.length > 2);
      expect(intake.latest("meter")).toEqual(EXPECTED);
      expect(intake.readings().every((reading) => reading.quality === "good")).toBe(true);
    } finally {
      await bus.stop();
      unplug();
      pty.unplug();
      await server.stop();
    }
  });
}

/** An RTU frame: the bytes and their CRC, the low byte first. */
function rtu(...bytes: number[]): Buffer {
  const crc = crc16(Uint8Array.from(bytes));
  return Buffer.from([...bytes, crc & 0xff, crc >> 8]);
}

interface Asked {
  /** Counts from 1. */
  number: number;
  request: Buffer;
  answer: (value: number) => Buffer;
}

/** A bus with one tag on a pty, whose device does what the test says. */
async function device(
  behave: (asked: Asked, pty: Pty) => void,
  settings: Record<string, unknown> = {},
  { address = 40_001, retries = 0 } = {},
): Promise<Awaited<ReturnType<typeof startBusOn>> & { pty: Pty; stop: () => Promise<void> }> {
  const pty = new Pty();
  let number = 0;
  pty.onData((request) => {
    number += 1;
    const unit = request[0]!;
    const answer = (value: number): Buffer => rtu(unit, 3, 2, value >> 8, value & 0xff);
    behave({ number, request, answer }, pty);
  });
  const started = await startBusOn(
    { modbus: "rtu", port: pty.path, timeout: "300ms", ...settings },
    { meter: { unit: 2, every: "20ms", retries, tags: { level: { register: address } } } },
  );
  const stop = async (): Promise<void> => {
    await started.bus.stop();
    pty.unplug();
  };
  return { ...started, pty, stop };
}

/** Noise turns a bit of one answer. */
function breakThirdAnswer({ number, answer }: Asked, pty: Pty): void {
  const frame = answer(7);
  if (number === 3) frame[4]! ^= 1;
  pty.send(frame);
}

describe("on a serial line", () => {
  // The byte count of the answer stands where the request has its address: 0x0202 looks like both.
  test.each([40_001, 40_001 + 0x02_02])(
    "the echo of our own request for %i is taken out",
    async (address) => {
      const { bus, intake, stop } = await device(
        ({ request, answer }, pty) => {
          pty.send(request);
          pty.send(answer(7));
        },
        { timeout: "2s" },
        { address },
      );
      await until(() => intake.batches.length > 5);
      await stop();
      expect(intake.readings().every((reading) => reading.value === 7)).toBe(true);
      expect(bus.status().counters["timeouts"]).toBe(0);
    },
  );

  test("an echo is taken out behind a byte that switching the driver left on the line", async () => {
    const glitch = Buffer.from([0xff]);
    const { bus, intake, stop } = await device(
      ({ request, answer }, pty) => pty.send(Buffer.concat([glitch, request, answer(7)])),
      { timeout: "2s" },
    );
    await until(() => intake.batches.length > 5);
    await stop();
    expect(intake.readings().every((reading) => reading.value === 7)).toBe(true);
    expect(bus.status().counters["timeouts"]).toBe(0);
  });

  test("a frame with a bad CRC is dropped, and the next poll is right", async () => {
    const { intake, stop } = await device(breakThirdAnswer);
    await until(() => intake.batches.length > 6);
    await stop();
    const bad = intake.readings().filter((reading) => reading.quality === "bad");
    expect(bad).toHaveLength(1);
    expect(bad[0]).toMatchObject({ value: null, reason: "timeout" });
    expect(intake.readings().at(-1)).toMatchObject({ value: 7, quality: "good" });
  });

  test("a request whose answer came with a bad CRC is made again, and its readings are good", async () => {
    const { bus, intake, stop } = await device(breakThirdAnswer, { timeout: "1s" }, { retries: 1 });
    await until(() => intake.batches.length > 6);
    await stop();
    expect(intake.readings().every((reading) => reading.value === 7)).toBe(true);
    expect(bus.status().counters).toMatchObject({ timeouts: 1, retries: 1 });
  });

  test("bytes that are never an answer are told as noise, with a sample: the speed may be wrong", async () => {
    const { bus, stop } = await device((_asked, pty) => pty.send(Buffer.from([0xfe, 0x80, 0xf8])));
    await until(() => bus.status().detail?.includes("no answer (") ?? false);
    expect(bus.status().state).toBe("degraded");
    expect(bus.status().detail).toContain("(fe 80 f8): check baud, parity and termination");
    expect(bus.status().counters["noisy_answers"]).toBeGreaterThan(2);
    await stop();
  });

  test("noise before an answer, and an answer of another unit, are passed over", async () => {
    const { intake, stop } = await device(({ answer }, pty) => {
      pty.send(Buffer.from([0xff, 0x00, 0xff]));
      pty.send(rtu(3, 3, 2, 0xde, 0xad));
      pty.send(answer(7));
    });
    await until(() => intake.batches.length > 5);
    await stop();
    expect(intake.readings().every((reading) => reading.value === 7)).toBe(true);
  });

  test("a unit that answers twice is given time for it, so its second answer is not the next one's", async () => {
    const pty = new Pty();
    pty.onData((request) => {
      const [unit = 0, , , address = 0] = request;
      const answer = rtu(unit, 3, 2, 0, address);
      for (const afterMs of [30, 45]) systemClock.after("answer", afterMs, () => pty.send(answer));
    });
    const tags = { a: { register: 40_001 }, b: { register: 40_201 } };
    const { bus, intake } = await startBusOn(
      { modbus: "rtu", port: pty.path, timeout: "2s" },
      { meter: { unit: 2, every: "100ms", tags } },
    );
    const strays = (): number => bus.status().counters["stray_frames"] ?? 0;
    await until(() => strays() > 0);
    // What is under way now may still have the copy of the one before.
    const known = intake.batches.length + 1;
    await until(() => intake.batches.length > known + 10);
    await bus.stop();
    pty.unplug();
    const later = intake.readings().slice(2 * known);
    expect(new Set(later.map(({ tag, value }) => `${tag} ${value}`))).toEqual(
      new Set(["a 0", "b 200"]),
    );
  });

  test("a late answer is never taken for the next one", async () => {
    const { intake, stop } = await device(
      ({ number, answer }, pty) => {
        // Every fourth answer comes after its time-out of 200 ms, and before the one that a request
        // sent right then would have.
        const isLate = number % 4 === 0;
        const frame = answer(isLate ? 0xdead : 7);
        systemClock.after("answer", isLate ? 275 : 150, () => pty.send(frame));
      },
      { timeout: "200ms" },
    );
    await until(() => intake.batches.length > 20);
    await stop();
    const values = new Set(intake.readings().map((reading) => reading.value));
    expect(values).toEqual(new Set([7, null]));
  });

  test("a missing port is no error, and a replugged one is followed by its name", async () => {
    const folder = await tempFolder();
    const byId = join(folder, "usb-rs485");
    const { bus, intake } = await startBusOn(
      { modbus: "rtu", port: byId, timeout: "60ms" },
      { meter: { unit: 2, every: "20ms", tags: { level: { register: 40_001 } } } },
    );
    await until(() => intake.batches.length > 3);
    expect(bus.status()).toMatchObject({ state: "degraded" });
    expect(bus.status().detail).toContain("there is no such device: is it plugged in?");
    const good = (value: number): boolean =>
      intake.readings().some((reading) => reading.value === value);
    for (const value of [1, 2]) {
      const pty = new Pty();
      pty.onData(() => pty.send(rtu(2, 3, 2, 0, value)));
      await rm(byId, { force: true });
      await symlink(pty.path, byId);
      await until(() => good(value));
      pty.unplug();
    }
    await bus.stop();
  });
});
