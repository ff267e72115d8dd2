import { describe, expect, onTestFinished, test } from "vitest";
import type { ModbusBus } from "#agent/sources/modbus/modbus-bus.ts";
import { systemClock } from "#core/clock.ts";
import { PenstockError } from "#core/errors.ts";
import type { KeptReading, MemoryIntake } from "#test/support/memory-intake.ts";
import { until } from "#test/support/until.ts";
import {
  type Behaviour,
  exceptionAnswer,
  FakeDevice,
  frame,
  honest,
  type Request,
  registersAnswer,
} from "./fake-device.ts";
import { startBus } from "./start-bus.ts";

interface Rig {
  port: number;
  device: FakeDevice;
  bus: ModbusBus;
  intake: MemoryIntake;
}

/** A bus with meters on a fake device: `m1` is unit 1, and so on; each has one tag at 40001. */
async function rig(
  behave: Behaviour,
  units = 1,
  bus: Record<string, unknown> = {},
  every = "20ms",
): Promise<Rig> {
  const device = new FakeDevice(behave);
  const port = await device.listen();
  const devices = Object.fromEntries(
    Array.from({ length: units }, (_, i) => [
      `m${i + 1}`,
      { unit: i + 1, every, tags: { level: { register: 40_001 } } },
    ]),
  );
  const started = await startBus(port, devices, { timeout: "60ms", ...bus });
  onTestFinished(async () => {
    await started.bus.stop();
    await device.close();
  });
  return { port, device, ...started };
}

const good = (readings: readonly KeptReading[]): KeptReading[] =>
  readings.filter((reading) => reading.quality === "good");

/** Each read returns its number, so that no answer can pass for another. */
function counting(): Behaviour {
  let count = 0;
  return (request, socket) => {
    count += 1;
    socket.write(registersAnswer(request, () => count));
  };
}

describe("answers that are not the ones asked for", () => {
  test("a late answer is discarded, and never taken for the next one", async () => {
    let asked = 0;
    const { intake, bus } = await rig((request, socket) => {
      const number = ++asked;
      const answer = registersAnswer(request, () => number);
      if (number % 3 === 1) systemClock.after("late", 90, () => socket.write(answer));
      else socket.write(answer);
    });
    await until(() => intake.readings().length > 30);
    const values = good(intake.readings()).map((reading) => Number(reading.value));
    expect(values.length).toBeGreaterThan(5);
    expect(values.some((value) => value % 3 === 1)).toBe(false);
    expect(bus.status().counters["stray_frames"]).toBeGreaterThan(0);
  });

  test.each([
    ["transaction id", (r: Request) => ({ ...r, transaction: r.transaction + 1 })],
    ["unit id", (r: Request) => ({ ...r, unit: r.unit + 1 })],
    ["function code", (r: Request) => ({ ...r, functionCode: 4 })],
  ])("a wrong %s is ignored, and the right answer behind it is taken", async (_what, change) => {
    const { intake, bus } = await rig((request, socket) => {
      socket.write(registersAnswer(change(request), () => 0xdead));
      socket.write(registersAnswer(request, () => 7));
    });
    await until(() => intake.readings().length > 5);
    expect(intake.readings().every((reading) => reading.value === 7)).toBe(true);
    expect(bus.status().counters["stray_frames"]).toBeGreaterThan(4);
  });

  test.each([
    ["a byte count that lies", [3, 4, 0, 1]],
    ["too many registers", [3, 4, 0, 1, 0, 2]],
    ["no data", [3]],
  ])("%s is rejected, and the connection opened anew", async (_what, pdu) => {
    let asked = 0;
    const { intake, bus } = await rig((request, socket) => {
      asked += 1;
      if (asked === 1) socket.write(frame(request.transaction, request.unit, pdu));
      else honest(request, socket);
    });
    await until(() => good(intake.readings()).length > 0);
    expect(intake.readings()[0]).toMatchObject({ value: null, reason: "malformed answer" });
    expect(bus.status().counters).toMatchObject({ malformed_answers: 1, connects: 2 });
  });

  test("garbage without end is cut off, and the bus recovers when it ends", async () => {
    let isMad = true;
    const { intake, bus } = await rig((request, socket) => {
      if (!isMad) return honest(request, socket);
      for (let i = 0; i < 300 && !socket.destroyed; i++) socket.write(Buffer.alloc(1000, i));
    });
    await until(() => (bus.status().counters["connects"] ?? 0) > 2);
    expect(good(intake.readings())).toEqual([]);
    isMad = false;
    await until(() => good(intake.readings()).length > 0);
  });
});

describe("exceptions", () => {
  test.each([1, 2, 3, 4])("exception %i makes the reading bad, with the code", async (code) => {
    const { intake } = await rig((request, socket) => socket.write(exceptionAnswer(request, code)));
    await until(() => intake.readings().length > 5);
    for (const reading of intake.readings()) {
      expect(reading).toMatchObject({ value: null, quality: "bad", reason: `exception ${code}` });
    }
  });

  test.each([5, 6, 11])("exception %i leaves the device alone for a while", async (code) => {
    const { device, intake } = await rig((request, socket) =>
      socket.write(exceptionAnswer(request, code)),
    );
    await until(() => intake.readings().length > 30);
    expect(device.requests.length).toBeLessThan(5);
    expect(intake.readings().at(-1)).toMatchObject({ value: null, reason: `exception ${code}` });
  });

  test("a device that refuses everything while it boots is polled fully soon after", async () => {
    let isBooting = true;
    const { intake } = await rig((request, socket) => {
      if (isBooting) socket.write(exceptionAnswer(request, 2));
      else honest(request, socket);
    });
    await until(() => intake.readings().length > 10);
    expect(good(intake.readings())).toEqual([]);
    isBooting = false;
    await until(() => good(intake.readings()).length > 3);
  });
});

describe("devices that do not answer", () => {
  test("are bad once a poll, and never give an old value", async () => {
    let isDead = false;
    const { intake } = await rig((request, socket) => {
      if (!isDead) honest(request, socket);
    });
    await until(() => good(intake.readings()).length > 5);
    isDead = true;
    const before = intake.readings().length;
    await until(() => intake.readings().length > before + 20);
    // The answer to the request that was on its way when the device died may still count.
    for (const reading of intake.readings().slice(before + 1)) {
      expect(reading).toMatchObject({ value: null, quality: "bad", reason: "timeout" });
    }
    expect(new Set(intake.readings().map((reading) => reading.ts)).size).toBe(
      intake.readings().length,
    );
  });

  test("cost the others nothing, and come back by themselves", async () => {
    let isDead = true;
    const { intake, device, bus } = await rig((request, socket) => {
      if (request.unit !== 2 || !isDead) honest(request, socket);
    }, 3);
    await until(() => bus.status().counters["silent_devices"] === 1);
    expect(bus.status().detail).toBe("1 of 3 devices give no readings: m2 (timeout)");
    const asked = device.requests.filter((request) => request.unit === 2).length;
    const before = intake.readings("m2").length;
    await until(() => intake.readings("m2").length > before + 20);
    expect(device.requests.filter((request) => request.unit === 2).length).toBeLessThan(asked + 4);
    isDead = false;
    await until(() => good(intake.readings("m2")).length > 3);
    expect(intake.readings("m1").every((reading) => reading.quality === "good")).toBe(true);
    expect(bus.status().state).toBe("running");
  });

  test("that come back too slow for a probe are given the time they need", async () => {
    let delayMs: number | undefined = 0;
    const { intake, bus } = await rig(
      (request, socket) => {
        if (delayMs === undefined) return;
        const answer = registersAnswer(request, () => 300);
        systemClock.after("slow", delayMs, () => socket.write(answer));
      },
      1,
      { timeout: "400ms" },
    );
    await until(() => good(intake.readings()).length > 5);
    delayMs = undefined;
    await until(() => bus.status().counters["silent_devices"] === 1);
    const before = good(intake.readings()).length;
    // Slower than any probe waits, faster than the time-out: only its late answer can tell.
    delayMs = 300;
    await until(() => good(intake.readings()).length > before);
    expect(bus.status().counters["probes"]).toBeLessThan(4);
    expect(bus.status().counters["stray_frames"]).toBeGreaterThan(0);
  });
});

describe("connections", () => {
  test("an absent server is no error: the bus says so, and reads when there is one", async () => {
    const { device, bus, intake, port } = await rig(honest);
    await device.close();
    await until(() => bus.status().detail?.endsWith("ECONNREFUSED") ?? false);
    expect(bus.status().detail).toBe(`no connection to 127.0.0.1:${port}: ECONNREFUSED`);
    expect(intake.readings().at(-1)).toMatchObject({ value: null, reason: "timeout" });
    await device.listen(port);
    const before = good(intake.readings()).length;
    await until(() => good(intake.readings()).length > before + 3);
    expect(bus.status().state).toBe("running");
  });

  test("a half-open connection is given up after three silent requests", async () => {
    const mute = new WeakSet<object>();
    const { device, intake, bus } = await rig((request, socket) => {
      // The first connection hangs for ever, as behind a firewall that lost its state.
      if (device.connections === 1 && intake.readings().length > 3) mute.add(socket);
      if (!mute.has(socket)) honest(request, socket);
    });
    await until(() => device.connections === 2);
    const before = good(intake.readings()).length;
    await until(() => good(intake.readings()).length > before + 3);
    expect(bus.status().counters).toMatchObject({ connects: 2, disconnects: 1 });
  });

  test("a device that reboots in the middle of a poll is resumed", async () => {
    let asked = 0;
    const { intake, device } = await rig((request, socket) => {
      asked += 1;
      if (asked % 5 === 0) socket.destroy();
      else honest(request, socket);
    });
    await until(() => device.connections > 3);
    expect(good(intake.readings()).length).toBeGreaterThan(8);
    const bad = intake.readings().filter((reading) => reading.quality === "bad");
    expect(bad.every((reading) => reading.value === null && reading.reason === "timeout")).toBe(
      true,
    );
  });
});

describe("an intake that refuses", () => {
  test("costs the poll, is counted as a gap, and polling goes on", async () => {
    const { intake, bus } = await rig(counting());
    await until(() => intake.batches.length > 2);
    intake.refuse = () => Promise.reject(new PenstockError("BUFFER_FULL", "full"));
    await until(() => (bus.status().counters["polls_lost"] ?? 0) > 5);
    intake.refuse = undefined;
    const before = intake.batches.length;
    await until(() => intake.batches.length > before + 3);
    expect(bus.status().counters["readings_lost"]).toBe(bus.status().counters["polls_lost"]);
  });

  test("that hangs stops the polls at 64 batches, and missed turns are counted", async () => {
    const { intake, bus, device } = await rig(counting(), 1, {}, "10ms");
    const release = Promise.withResolvers<"stored">();
    let waiting = 0;
    intake.refuse = () => {
      waiting += 1;
      return release.promise;
    };
    await until(() => waiting === 64);
    const asked = device.requests.length;
    await systemClock.sleep(100, { name: "missed turns" });
    expect(waiting).toBe(64);
    expect(device.requests.length).toBe(asked);
    release.resolve("stored");
    intake.refuse = undefined;
    await until(() => device.requests.length > asked + 5);
    expect(bus.status().counters["polls_missed"]).toBeGreaterThan(5);
  });
});

/** A bus with one device of these settings. */
async function oneDevice(
  behave: Behaviour,
  settings: Record<string, unknown>,
  bus: Record<string, unknown> = {},
): Promise<Rig> {
  const fake = new FakeDevice(behave);
  const port = await fake.listen();
  const started = await startBus(port, { plc: { every: "20ms", ...settings } }, bus);
  onTestFinished(async () => {
    await started.bus.stop();
    await fake.close();
  });
  return { port, device: fake, ...started };
}

describe("what a device allows", () => {
  test("no request is longer than maxRegisters", async () => {
    const tags = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`t${i}`, { register: 40_001 + i }]),
    );
    const { device: fake, intake } = await oneDevice(honest, { tags, maxRegisters: 40 });
    await until(() => good(intake.readings()).length >= 200);
    expect(fake.requests.slice(0, 3).map(({ start, size }) => [start, size])).toEqual([
      [0, 40],
      [40, 40],
      [80, 20],
    ]);
  });

  test("it is left alone for its pause, whatever the bus's is", async () => {
    const askedAtMs: number[] = [];
    const answer: Behaviour = (request, socket) => {
      askedAtMs.push(systemClock.monotonic());
      honest(request, socket);
    };
    const tags = { near: { register: 40_001 }, far: { register: 41_001 } };
    await oneDevice(answer, { tags, pause: "50ms" }, { pause: "0ms" });
    await until(() => askedAtMs.length > 3);
    const gaps = askedAtMs.slice(1).map((ms, i) => ms - askedAtMs[i]!);
    expect(Math.min(...gaps)).toBeGreaterThan(45);
  });

  test("several connections are opened, and all of them are used", async () => {
    const used = new Set<number>();
    const answer: Behaviour = (request, socket) => {
      used.add(socket.remotePort ?? 0);
      systemClock.after("answer", 15, () => honest(request, socket));
    };
    const { intake, bus, device: fake } = await rig(answer, 6, { connections: 3, timeout: "2s" });
    await until(() => used.size === 3 && good(intake.readings()).length > 30);
    expect(fake.connections).toBe(3);
    expect(bus.status().counters).toMatchObject({ connects: 3, timeouts: 0 });
  });

  test("what one connection cannot do, the others do", async () => {
    const { intake, bus, device: fake } = await rig(honest, 4, { connections: 3, timeout: "2s" });
    await until(() => good(intake.readings()).length > 10);
    const [first] = fake.sockets;
    intake.batches.length = 0;
    first!.destroy();
    await until(() => (bus.status().counters["connects"] ?? 0) > 3);
    expect(intake.readings().filter(({ quality }) => quality === "bad").length).toBeLessThan(2);
    expect(bus.status().state).toBe("running");
  });
});
