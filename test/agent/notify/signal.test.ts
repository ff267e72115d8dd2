import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { shownValue } from "#agent/notify/shown-value.ts";
import { Signal } from "#agent/notify/signal.ts";
import type { GuestLink, ReadOutcome, WriteRequest } from "#agent/sources/modbus/link.ts";
import { ModbusBus } from "#agent/sources/modbus/modbus-bus.ts";
import { modbusTcpBus } from "#config/gateway/modbus-bus.ts";
import { systemClock } from "#core/clock.ts";
import { PenstockError } from "#core/errors.ts";
import { silentLogger } from "#core/log.ts";
import type { WiredChannel } from "#core/notify/recipient.ts";
import { createRandom } from "#core/random.ts";
import { PymodbusServer } from "#test/agent/sources/modbus/pymodbus-server.ts";
import { madeNotice, madeState } from "#test/core/notify/made-notice.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { MemoryIntake } from "#test/support/memory-intake.ts";
import { mbpoll, peerTest, pymodbus } from "#test/support/peer.ts";
import { until } from "#test/support/until.ts";

const run = promisify(execFile);
const never = new AbortController().signal;

function channel(changes: Partial<WiredChannel> = {}): WiredChannel {
  return {
    kind: "coil",
    bus: "packer",
    unit: 9,
    table: "coil",
    start: 0,
    shows: "state",
    until: "cleared",
    isInverted: false,
    ...changes,
  };
}

/** A bus that keeps what is written, and answers as a test says. */
class Wire implements GuestLink {
  readonly isOpen = true;
  readonly written: [table: string, start: number, word: number | undefined][] = [];
  outcome: () => ReadOutcome | PenstockError = () => ({ kind: "answer", data: new Uint8Array() });

  read(): Promise<ReadOutcome> {
    return Promise.reject(new Error("a signal reads nothing"));
  }

  async write({ table, start, words }: WriteRequest): Promise<ReadOutcome> {
    await Promise.resolve();
    const outcome = this.outcome();
    if (outcome instanceof PenstockError) throw outcome;
    if (outcome.kind === "answer") this.written.push([table, start, words[0]]);
    return outcome;
  }
}

function signalOn(wire: Wire | undefined, clock: ManualClock, changes = {}): Signal {
  return new Signal({ channel: channel(changes), linkOf: () => wire, timeoutMs: 1000, clock });
}

const acknowledged = madeState({ device: "a" }, { isAcknowledged: true });
const latched = madeState({ device: "b" }, { isActive: false, isLatched: true });
const high = madeState({ device: "c", priority: "high" });

describe("a signal shows", () => {
  test.each([
    ["nothing for no alarms", {}, [], 0],
    ["that an alarm stands", {}, [high], 1],
    ["what is acknowledged, as a lamp", {}, [acknowledged], 1],
    ["what has to be reset, as a lamp", {}, [latched], 1],
    ["nothing that is answered, as a horn", { until: "acknowledged" }, [acknowledged, latched], 0],
    ["what nobody has answered, as a horn", { until: "acknowledged" }, [acknowledged, high], 1],
    ["that all is well, inverted", { isInverted: true }, [], 1],
    ["an alarm by going out, inverted", { isInverted: true }, [high], 0],
    ["the highest priority", { shows: "priority" }, [high, madeState({ priority: "low" })], 3],
    ["priority 4 for critical ones", { shows: "priority" }, [madeState()], 4],
    ["priority 0 for none", { shows: "priority" }, [], 0],
    ["how many stand", { shows: "count" }, [high, latched, acknowledged], 3],
  ] as const)("%s", (_, changes, standing, word) => {
    expect(shownValue(channel(changes), standing)).toBe(word);
  });

  test("no more than a register can hold", () => {
    const many = Array.from({ length: 70_000 }, () => high);
    expect(shownValue(channel({ shows: "count" }), many)).toBe(65_535);
  });
});

describe("a signal", () => {
  test("is on for three seconds when it is tried, and then as before", async () => {
    const [wire, clock] = [new Wire(), new ManualClock()];
    const signal = signalOn(wire, clock, { isInverted: true });
    await signal.show([]);
    const testing = signal.test(madeNotice(), never);
    await clock.advance(2999);
    expect(wire.written.map(([, , word]) => word)).toEqual([1, 1]);
    await clock.advance(1);
    await testing;
    expect(wire.written.map(([, , word]) => word)).toEqual([1, 1, 1]);
  });

  test("goes out when nobody waits for the end of its test any more", async () => {
    const [wire, clock] = [new Wire(), new ManualClock()];
    const stopping = new AbortController();
    const testing = signalOn(wire, clock).test(madeNotice(), stopping.signal);
    await clock.advance(1000);
    stopping.abort();
    await expect(testing).rejects.toMatchObject({ name: "AbortError" });
    expect(wire.written.map(([, , word]) => word)).toEqual([1, 0]);
  });

  test.each<[string, ReadOutcome | PenstockError, RegExp]>([
    ["that refuses", { kind: "exception", code: 2 }, /unit 9 on bus packer .*exception 2/],
    ["that says nothing", { kind: "timeout" }, /timeout/],
    ["whose bus is crowded", new PenstockError("BUS_BUSY", "64 requests wait"), /64 requests/],
  ])("%s is tried again", async (_, outcome, message) => {
    const wire = new Wire();
    wire.outcome = () => outcome;
    await expect(signalOn(wire, new ManualClock()).show([])).rejects.toMatchObject({
      isTransient: true,
      message: expect.stringMatching(message),
    });
  });

  test("whose bus does not run says so", async () => {
    const showing = signalOn(undefined, new ManualClock()).show([]);
    await expect(showing).rejects.toThrow("bus packer does not run");
  });
});

describe("a heartbeat", () => {
  const heartbeat = { start: 9, everyMs: 2000 };

  test("counts up while the agent lives, and stands still when it ends", async () => {
    const [wire, clock] = [new Wire(), new ManualClock()];
    const signal = signalOn(wire, clock, { heartbeat });
    signal.start();
    await clock.advance(6000);
    await signal.stop();
    await clock.advance(6000);
    expect(wire.written).toEqual([
      ["holding", 9, 1],
      ["holding", 9, 2],
      ["holding", 9, 3],
    ]);
  });

  test("begins again at 0 after 65535", async () => {
    const [wire, clock] = [new Wire(), new ManualClock()];
    const signal = signalOn(wire, clock, { heartbeat });
    signal.start();
    await clock.advance(65_536 * 2000);
    expect(wire.written.slice(-2)).toEqual([
      ["holding", 9, 65_535],
      ["holding", 9, 0],
    ]);
  });

  test("that does not arrive is a failure of its signal, although the lamp works", async () => {
    const [wire, clock] = [new Wire(), new ManualClock()];
    const signal = signalOn(wire, clock, { heartbeat });
    signal.start();
    wire.outcome = () => ({ kind: "exception", code: 2 });
    await clock.advance(2000);
    wire.outcome = () => ({ kind: "answer", data: new Uint8Array() });
    await expect(signal.show([])).rejects.toThrow(/heartbeat: unit 9 .* exception 2/);
    await clock.advance(2000);
    await expect(signal.show([])).resolves.toBeUndefined();
  });
});

/** Of pymodbus' server, as mbpoll reads them: the coil 1, and the register 40010. */
async function readByMbpoll(port: number, type: "0" | "4", reference: number): Promise<number> {
  const place = ["-a", "9", "-t", type, "-r", String(reference), "-c", "1"];
  const { stdout } = await run("mbpoll", [
    "-m",
    "tcp",
    "-p",
    `${port}`,
    ...place,
    "-1",
    "127.0.0.1",
  ]);
  return Number(/\[\d+\]:\s+(\d+)/.exec(stdout)?.[1]);
}

peerTest(
  "lights a coil that mbpoll reads, through the queue of its bus",
  [pymodbus, mbpoll],
  async () => {
    const server = await PymodbusServer.start({
      9: {
        coils: [false],
        words: [
          [9, [0]],
          [10, [0]],
        ],
      },
    });
    onTestFinished(() => server.stop());
    const bus = new ModbusBus({
      name: "packer",
      settings: modbusTcpBus.parse({ modbus: "tcp", host: "127.0.0.1", port: server.port }),
      devices: {},
      intake: new MemoryIntake(),
      clock: systemClock,
      random: createRandom(1),
      log: silentLogger,
    });
    await bus.start();
    onTestFinished(() => bus.stop());
    await until(() => bus.guestLink.isOpen);
    const common = { linkOf: () => bus.guestLink, timeoutMs: 1000, clock: systemClock };
    const heartbeat = { start: 9, everyMs: 20 };
    const lamp = new Signal({ channel: channel({ heartbeat }), ...common });
    const place = { kind: "register", table: "holding", start: 10, shows: "priority" } as const;
    const display = new Signal({ channel: channel(place), ...common });
    lamp.start();
    onTestFinished(() => lamp.stop());

    await lamp.show([high]);
    await display.show([high]);
    expect(await readByMbpoll(server.port, "0", 1)).toBe(1);
    expect(await readByMbpoll(server.port, "4", 11)).toBe(3);
    await lamp.show([]);
    expect(await readByMbpoll(server.port, "0", 1)).toBe(0);
    const before = await readByMbpoll(server.port, "4", 10);
    await until(async () => (await readByMbpoll(server.port, "4", 10)) > before);
  },
);
